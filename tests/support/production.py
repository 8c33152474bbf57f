"""Settings with which production starts; a test removes one, or adds an invalid one."""

from typing import Final

KEY: Final = "9f2c6b17e4d08a53c1b7f60e2a94d85b37e1c09a6f42d8b5103e7ca96d24fb81"
WEBHOOK_KEY: Final = "whsec_9mGi6ZpFeD0kQv7cUj2LxTn4RbW8sYhA1oPqM3dVKfE="
PRODUCTION: Final = {
    "APP_ENV": "production",
    "JWT_SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "api.example.com",
    "PUBLIC_URL": "https://api.example.com",
    "SMTP_URL": "smtp://user:password@mail.example.com:587",
    "MAIL_FROM": "no-reply@example.com",
    "DATABASE_URL": "sqlite:///var/alicerce.db",
}
