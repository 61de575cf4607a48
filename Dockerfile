# One image for the service, the ingest and the Chroma server; model weights come with the packages, nothing is
# downloaded at start.
FROM python:3.11-slim
# Where the CPU build of torch is found outside the default index: --build-arg PIP_FLAGS="--extra-index-url …".
ARG PIP_FLAGS=""
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY cli cli
COPY core core
COPY eval eval
COPY ingest ingest
COPY recipes recipes
COPY service service
COPY data data
RUN pip install --no-cache-dir $PIP_FLAGS -c constraints.txt -e . \
    && useradd --create-home prep \
    && mkdir -p /var/lib/prep /var/lib/chroma \
    && chown prep /var/lib/prep /var/lib/chroma
USER prep
ENV PREP_INDEX__DIRECTORY=/var/lib/prep \
    ANONYMIZED_TELEMETRY=False \
    HF_HUB_OFFLINE=1
EXPOSE 8000
CMD ["prep", "serve", "--host", "0.0.0.0", "--port", "8000"]
