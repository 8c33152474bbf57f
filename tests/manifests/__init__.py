"""The manifests for Kubernetes, rendered and checked without a cluster: `make manifests`."""
