# Train:  docker run -v "$PWD/data:/app/data" digit-recognition
# Read:   docker run -v "$PWD/data:/app/data" -v "$PWD/scans:/scans" digit-recognition \
#             --pipelines read --params pictures=/scans
# For a Dask cluster: docker build --build-arg REQUIREMENTS=requirements-dask.txt
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 DO_NOT_TRACK=1 KERAS_HOME=/tmp/keras
RUN useradd --create-home --uid 1000 app
WORKDIR /app

ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-dask.txt ./
RUN pip install --requirement "$REQUIREMENTS"

COPY pyproject.toml README.md LICENSE .telemetry ./
COPY src src
COPY conf conf
RUN pip install --no-deps --editable . \
    && mkdir -p data conf/local \
    && chown -R app:app /app

USER app
VOLUME /app/data
ENTRYPOINT ["kedro", "run"]
