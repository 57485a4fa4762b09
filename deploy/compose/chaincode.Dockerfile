# The contract as chaincode. Built from the repository's root: docker build --file deploy/compose/chaincode.Dockerfile .
FROM rust:1.95-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends cmake protobuf-compiler libprotobuf-dev
WORKDIR /veridose
COPY . .
RUN cargo build --profile dist --locked --package veridose-chaincode --features fabric

FROM debian:bookworm-slim
COPY --from=build /veridose/target/dist/veridose-chaincode /usr/local/bin/
USER 65532:65532
ENTRYPOINT ["veridose-chaincode"]
