# The proxy as a container image: `docker build -t topspin .`. Explained in docs/install.md; run without a container engine by
# test/scenes/package/image.test.ts.
FROM node:24-bookworm-slim AS build
WORKDIR /source
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN node scripts/build.js && node scripts/install-tree.js /opt/topspin

FROM node:24-bookworm-slim
COPY --from=build /opt/topspin /opt/topspin
RUN ln -s /opt/topspin/bin/topspin.js /usr/local/bin/topspin
WORKDIR /opt/topspin
# The user node of the base image, by number: Kubernetes checks runAsNonRoot by it.
USER 1000:1000
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["topspin", "healthcheck"]
ENTRYPOINT ["topspin"]
# The control listener stays on loopback; compose.yaml opens it to the nodes.
CMD ["serve", "--listen", "0.0.0.0:8000"]
