# The digest names one image for each platform; Dependabot brings the newer ones.
FROM python:3.13-slim-trixie@sha256:70729b46c69b4f1e97c4822c1af3df53a1476cf5ddc6c087c0c10bc3a5678c2f AS base

FROM base AS libraries
WORKDIR /build
RUN python -m venv /venv
# Only this file: the layer is built again when the libraries change, not when the code does.
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --no-deps -r requirements.txt

FROM base
# Nothing is written outside /data and /tmp, so the file system can be read-only.
ENV APP_ENV=production \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PATH=/venv/bin:$PATH \
    PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root.
RUN install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=libraries /venv /venv
WORKDIR /srv
COPY app app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Liveness, not readiness: a database that is away is no reason to replace the API.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
