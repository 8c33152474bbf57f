"""The rules for alerts, and the dashboards."""
