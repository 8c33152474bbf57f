import pytest

from app.config.settings import InvalidSettingsError, Settings, load_settings


def settings(**overrides: object) -> Settings:
    needed = {
        "database_url": "sqlite:///unused.db",
        "jwt_secret_key": "a key for tests only, and long enough",
    }
    return load_settings(_env_file=None, app_env="test", **needed | overrides)


def test_retention_has_defaults_and_metrics_have_none() -> None:
    defaults = settings()
    assert (defaults.event_delivery_keep_hours, defaults.event_log_keep_days) == (24, 90)
    assert defaults.metrics_token is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_delivery_keep_hours", 0),
        ("event_delivery_keep_hours", 8761),
        ("event_log_keep_days", 0),
        ("event_log_keep_days", 3651),
        ("metrics_token", "too short"),
    ],
)
def test_a_setting_out_of_its_bounds_stops_the_start_and_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidSettingsError) as refusal:
        settings(**{name: value})
    (problem,) = refusal.value.problems
    assert problem.strip().startswith(f"{name.upper()}: ")
    assert "too short" not in problem


def test_a_metrics_port_requires_a_token() -> None:
    with pytest.raises(InvalidSettingsError) as refusal:
        settings(metrics_port=9000)
    (problem,) = refusal.value.problems
    assert problem.strip().startswith("METRICS_TOKEN is missing: ")
    assert settings(metrics_port=9000, metrics_token="x" * 16).metrics_port == 9000
