"""What production refuses. Each row is an invalid setting, and its name."""

import pytest

from app.config.settings import InvalidSettingsError
from tests.support.production import KEY, PRODUCTION
from tests.unit.config.conftest import Load

CANARY = "c4n4ry"
TYPED = "0123456789abcdef" * 4
GUESSED = "alicerce"  # the name of the service
IN_THE_OPEN = "postgresql://shop:Xk29vLq8Tz@db.example.com:5432/shop"
POSTGRES = f"{IN_THE_OPEN}?sslmode=require"
REDIS = "redis://:Xk29vLq8Tz@redis.example.com:6379/1"
RABBITMQ = "amqp://shop:Xk29vLq8Tz@mq.example.com"

# An empty value removes the setting.
BAD: list[tuple[str, dict[str, str]]] = [
    ("JWT_SECRET_KEY", {"JWT_SECRET_KEY": ""}),
    ("JWT_SECRET_KEY", {"JWT_SECRET_KEY": "short"}),
    ("JWT_SECRET_KEY", {"JWT_SECRET_KEY": "x" * 64}),
    ("JWT_SECRET_KEY", {"JWT_SECRET_KEY": TYPED}),
    ("JWT_SECRET_KEY", {"JWT_SECRET_KEY": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}),
    ("JWT_SECRET_KEY", {"JWT_SECRET_KEY": "please-change-me-9f2c6b17e4d08a53c1b7"}),
    ("JWT_SECRET_KEY", {"JWT_SECRET_KEY": "the secret key of the shop on the corner"}),
    ("JWT_SECRET_KEY", {"JWT_SECRET_KEY": "your-256-bit-key-goes-here-1234567890"}),
    ("JWT_SECRET_KEY", {"JWT_ALGORITHM": "HS512", "JWT_SECRET_KEY": KEY[:63]}),
    ("JWT_PREVIOUS_KEYS", {"JWT_PREVIOUS_KEYS": TYPED}),
    ("JWT_PREVIOUS_KEYS", {"JWT_PREVIOUS_KEYS": f"{KEY[::-1]} {'x' * 64}"}),
    ("DEBUG", {"DEBUG": "true"}),
    ("DATABASE_ECHO", {"DATABASE_ECHO": "true"}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": ""}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": "*"}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": "api.example.com, *"}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": "*.example.com"}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": "https://api.example.com"}),
    ("CORS_ORIGINS", {"CORS_ORIGINS": "*"}),
    ("CORS_ORIGINS", {"CORS_ORIGINS": "null"}),
    ("CORS_ORIGINS", {"CORS_ORIGINS": "https://*.example.com"}),
    ("CORS_ORIGINS", {"CORS_ORIGINS": "https://app.example.com/"}),
    ("CORS_ORIGINS", {"CORS_ORIGINS": "https://App.example.com"}),
    ("CORS_ORIGINS", {"CORS_ORIGINS": "https://app.example.com:443"}),
    ("CORS_ORIGINS", {"CORS_ORIGINS": "http://app.example.com"}),
    ("PUBLIC_URL", {"PUBLIC_URL": ""}),
    ("PUBLIC_URL", {"PUBLIC_URL": "http://api.example.com"}),
    ("SMTP_URL", {"SMTP_URL": ""}),
    ("MAIL_FROM", {"MAIL_FROM": ""}),
    ("DATABASE_URL", {"WEB_CONCURRENCY": "2"}),
    ("DATABASE_URL", {"EVENTS": "worker"}),
    ("DATABASE_URL", {"DATABASE_URL": "sqlite://"}),
    (
        "MIGRATION_DATABASE_URL",
        {
            "DATABASE_URL": POSTGRES,
            "MIGRATION_DATABASE_URL": POSTGRES.replace("Xk29vLq8Tz", "admin"),
        },
    ),
    (
        "MIGRATION_DATABASE_URL",
        {"DATABASE_URL": POSTGRES, "MIGRATION_DATABASE_URL": IN_THE_OPEN},
    ),
    ("DATABASE_URL", {"DATABASE_URL": POSTGRES.replace("//shop", "//postgres")}),
    ("DATABASE_URL", {"DATABASE_URL": POSTGRES.replace("Xk29vLq8Tz", GUESSED)}),
    ("DATABASE_URL", {"DATABASE_URL": POSTGRES.replace("Xk29vLq8Tz", "admin")}),
    ("DATABASE_URL", {"DATABASE_URL": POSTGRES.replace(":Xk29vLq8Tz", "")}),
    ("DATABASE_URL", {"DATABASE_URL": "postgresql://shop:shop@localhost/shop"}),
    *[
        ("DATABASE_URL", {"DATABASE_URL": url})
        for url in (
            IN_THE_OPEN,
            f"{IN_THE_OPEN}?sslmode=disable",
            f"{IN_THE_OPEN}?sslmode=allow",
            f"{IN_THE_OPEN}?sslmode=prefer",
            f"{IN_THE_OPEN}?ssl=disable",
            "postgresql://shop:Xk29vLq8Tz@10.0.0.5/shop",
            "postgresql://shop:Xk29vLq8Tz@[2001:db8:1:2:3:4:5:6]/shop",
            "postgresql://shop:Xk29vLq8Tz@db.example.com/shop?host=/run/postgresql",
            "postgresql://shop:Xk29vLq8Tz@/shop?host=postgres&host=db.example.com",
            "postgresql://shop:Xk29vLq8Tz@/shop?host=postgres,db.example.com:5432",
        )
    ],
    ("REDIS_URL", {"REDIS_URL": "rediss://:Xk29vLq8Tz@redis.example.com/0?ssl_cert_reqs=none"}),
    ("REDIS_URL", {"REDIS_URL": "rediss://:Xk29vLq8Tz@redis/0?ssl_check_hostname=False"}),
    ("DATABASE_URL", {"DATABASE_URL": IN_THE_OPEN, "PLAINTEXT_HOSTS": "example.com,10.0.0.5"}),
    ("REDIS_URL", {"REDIS_URL": "rediss://redis.example.com"}),
    ("REDIS_URL", {"REDIS_URL": "rediss://203.0.113.9:6379/1"}),
    ("REDIS_URL", {"REDIS_URL": "rediss://:redis@redis.example.com"}),
    ("REDIS_URL", {"REDIS_URL": "redis://10.0.0.5", "PLAINTEXT_HOSTS": "10.0.0.5"}),
    ("REDIS_URL", {"REDIS_URL": REDIS}),
    ("REDIS_URL", {"REDIS_URL": REDIS, "PLAINTEXT_HOSTS": "db.example.com"}),
    ("CELERY_BROKER_URL", {"CELERY_BROKER_URL": "rediss://redis.example.com"}),
    ("CELERY_BROKER_URL", {"CELERY_BROKER_URL": "amqps://guest:guest@mq.example.com"}),
    ("CELERY_BROKER_URL", {"CELERY_BROKER_URL": REDIS}),
    ("CELERY_BROKER_URL", {"CELERY_BROKER_URL": RABBITMQ}),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.example.com:4318"},
    ),
    ("SMTP_URL", {"SMTP_URL": "smtp://relay.example.com"}),
    ("SMTP_URL", {"SMTP_URL": "smtp://10.0.0.5:25"}),
    ("SMTP_URL", {"SMTP_URL": "smtp://3405803777"}),  # 203.0.113.1
    ("RATE_LIMITS", {"RATE_LIMITS": "false"}),
    ("RATE_LIMIT_PER_MINUTE", {"RATE_LIMIT_PER_MINUTE": "0"}),
    *[
        ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": networks})
        for networks in (
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/8, ::/0",
            "0.0.0.0/1, 128.0.0.0/1",
            "128.0.0.0/1",
            "0.0.0.0/2",
            "::/1, 8000::/1",
            "2000::/3",
            "64.0.0.0/8, 65.0.0.0/8",
        )
    ],
    ("METRICS_TOKEN", {"METRICS_TOKEN": "a" * 16}),
    ("METRICS_TOKEN", {"METRICS_TOKEN": "short"}),
    ("SENTRY_DSN", {"SENTRY_DSN": "http://key@sentry.example.com/1"}),
    ("WEB_CONCURRENCY", {"WEB_CONCURRENCY": "0"}),
    ("LOG_LEVEL", {"LOG_LEVEL": "verbose"}),
]

GOOD: list[dict[str, str]] = [
    {},
    {"DATABASE_URL": POSTGRES, "WEB_CONCURRENCY": "4", "EVENTS": "worker"},
    {"DATABASE_URL": f"{IN_THE_OPEN}?sslmode=verify-full"},
    {"DATABASE_URL": f"{IN_THE_OPEN}?sslmode=verify-ca"},
    {"DATABASE_URL": IN_THE_OPEN, "PLAINTEXT_HOSTS": "DB.example.com"},
    {
        "DATABASE_URL": "postgresql://shop:Xk29vLq8Tz@[2001:db8:1:2:3:4:5:6]/shop",
        "PLAINTEXT_HOSTS": "[2001:db8:1:2:3:4:5:6]",
    },
    {"DATABASE_URL": "postgresql://shop:Xk29vLq8Tz@postgres/shop"},
    {"DATABASE_URL": "postgresql://shop:Xk29vLq8Tz@postgres/shop?sslmode=disable"},
    {"DATABASE_URL": "postgresql:///shop?host=/run/postgresql"},
    {"DATABASE_URL": "postgresql://postgres:Xk29vLq8Tz@127.0.0.1/shop"},
    {"REDIS_URL": "redis://redis:6379/1", "CELERY_BROKER_URL": "redis://localhost/0"},
    {"REDIS_URL": "rediss://:Xk29vLq8Tz@redis.example.com:6380/1"},
    {"CELERY_BROKER_URL": "amqps://shop:Xk29vLq8Tz@mq.example.com"},
    {"REDIS_URL": REDIS, "PLAINTEXT_HOSTS": "redis.example.com"},
    {"CELERY_BROKER_URL": RABBITMQ, "PLAINTEXT_HOSTS": "db.internal, mq.example.com"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example.com"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
    {"SMTP_URL": "smtps://mail.example.com"},
    {"SMTP_URL": "smtp://mail.example.com:25?starttls=required"},
    {"SMTP_URL": "smtp://mail.example.com:25", "PLAINTEXT_HOSTS": "mail.example.com"},
    {"SMTP_URL": "smtp://mail:25"},
    {"SMTP_URL": "smtp://127.0.0.1:25"},
    {"JWT_PREVIOUS_KEYS": f"{KEY[::-1]} {KEY[1:] + KEY[:1]}"},
    {"TRUSTED_PROXIES": "10.0.0.0/8, 172.16.0.0/12, fc00::/7, 192.0.2.7"},
    {"ALLOWED_HOSTS": "Api.example.com, 10.0.0.5,[::1]"},
    {"CORS_ORIGINS": "https://app.example.com, https://other.example.com:8443"},
    {"HSTS_INCLUDE_SUBDOMAINS": "true"},
    {"METRICS_TOKEN": KEY[:32], "SENTRY_DSN": "https://key@sentry.example.com/1"},
]


@pytest.mark.parametrize(("name", "wrong"), BAD)
def test_production_refuses_insecure_settings(load: Load, name: str, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        load(**{**PRODUCTION, **wrong})
    [problem] = refused.value.problems
    assert problem.startswith(f"  {name}")
    values = [value for value in wrong.values() if len(value) > 15]
    assert [value for value in values if value in problem] == []


@pytest.mark.parametrize("right", GOOD, ids=str)
def test_production_starts_with_secure_settings(load: Load, right: dict[str, str]) -> None:
    assert load(**{**PRODUCTION, **right}).is_production


@pytest.mark.parametrize("number", range(20))
def test_a_random_key_is_never_refused_as_guessable(load: Load, number: int) -> None:
    drawn = f"{pow(3, 4_001 + number, 2**255 - 19):064x}"
    assert load(**{**PRODUCTION, "JWT_SECRET_KEY": drawn, "METRICS_TOKEN": drawn[:32]})


def test_all_problems_are_reported_at_once_without_values(load: Load) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        load(
            APP_ENV="production",
            JWT_SECRET_KEY=CANARY * 8,
            DEBUG="true",
            JWT_PREVIOUS_KEYS=CANARY * 8,
            DATABASE_URL=f"postgresql://postgres:{CANARY}@db.example.com/{CANARY}",
            REDIS_URL=f"redis://{CANARY}.example.com",
            PUBLIC_URL=f"http://{CANARY}.example.com",
        )
    told = [problem.split()[0] for problem in refused.value.problems]
    assert told == [
        "DEBUG",
        "JWT_SECRET_KEY",
        "JWT_PREVIOUS_KEYS",
        "ALLOWED_HOSTS",
        "PUBLIC_URL",
        "SMTP_URL",
        "MAIL_FROM",
        "DATABASE_URL",
        "REDIS_URL",
        "DATABASE_URL",
        "REDIS_URL",
    ]
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("profile", ["development", "test"])
def test_other_profiles_accept_these_settings(load: Load, profile: str) -> None:
    settings = load(APP_ENV=profile, DEBUG="true", JWT_SECRET_KEY="x" * 32)
    assert settings.allowed_hosts == settings.cors_origins == ()


@pytest.mark.parametrize("origins", ["*", "https://app.example.com,*", "null"])
def test_no_profile_allows_every_origin(load: Load, origins: str) -> None:
    with pytest.raises(InvalidSettingsError, match="CORS_ORIGINS"):
        load(CORS_ORIGINS=origins)


def test_the_documentation_is_served_outside_production_or_if_docs_is_set(load: Load) -> None:
    assert load().shows_docs
    assert not load(DOCS="false").shows_docs
    assert not load(**PRODUCTION, DOCS="").shows_docs
    assert load(**PRODUCTION, DOCS="true").shows_docs
