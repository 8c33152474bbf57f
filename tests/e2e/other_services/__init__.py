"""The examples of docs/http-client.md: a module that asks another service, and tells one."""
