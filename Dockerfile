# `rcnn` in a container (docs/docker.md). Of what builds it, nothing is in the image: no compiler, no Python, no sources.
ARG NODE=22-bookworm-slim

FROM node:${NODE} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends g++ python3 python3-pip && rm -rf /var/lib/apt/lists/*
ENV FASTER_RCNN_CACHE=/opt/faster-rcnn
WORKDIR /build
COPY . .
# Packages as in package-lock.json, TensorFlow's library (its hash is checked), the binding, the compiled sources.
RUN npm run setup
# What the package holds, with the packages that it needs to run, in the locked versions.
RUN npm pack --pack-destination /build && mkdir /app && tar -xzf faster-rcnn-*.tgz -C /app --strip-components=1
RUN cp package-lock.json .npmrc /app && cd /app && npm ci --omit=dev --no-audit --no-fund && rm package-lock.json

FROM node:${NODE}
ENV NODE_ENV=production FASTER_RCNN_CACHE=/opt/faster-rcnn
# The user's: published weights that are downloaded go there, too.
COPY --from=build --chown=node:node /opt/faster-rcnn /opt/faster-rcnn
COPY --from=build /app /app
USER node
WORKDIR /data
ENTRYPOINT ["node", "/app/tools/rcnn.mjs"]
CMD ["--help"]
