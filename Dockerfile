# syntax=docker/dockerfile:1
FROM python:3.12-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /venv && /venv/bin/python -m pip install --require-hashes -r /tmp/requirements.lock

FROM python:3.12-slim
RUN groupadd --gid 10001 physio && useradd --uid 10001 --gid physio --no-create-home --home-dir /app --shell /usr/sbin/nologin physio
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=physio.settings \
    ENV_FILE= \
    DEMO=off \
    BIND=0.0.0.0 \
    PORT=8000 \
    VAR_DIR=/app/var \
    STATIC_ROOT=/app/static-files
# Texts and static files are part of the image; the key and the folder of this step are thrown away.
RUN SECRET_KEY=only-for-this-step VAR_DIR=/tmp/build python manage.py prepare --files-only \
    && rm -rf /tmp/build \
    && python -m compileall -q . \
    && mkdir /app/var && chown physio:physio /app/var
USER physio
VOLUME /app/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["gunicorn", "--config", "python:physio.gunicorn_conf"]
