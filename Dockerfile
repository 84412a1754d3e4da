# The hub as an image: `docker build --tag outpost-hub .`, and `docker run --read-only` as compose.yaml does.
FROM node:24-trixie-slim AS build
WORKDIR /hub
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

# What is needed to run: no compiler, no tests, and neither of the optional packages (a Node and a PostgreSQL).
FROM node:24-trixie-slim AS modules
WORKDIR /hub
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-trixie-slim
ENV NODE_ENV=production
WORKDIR /hub
COPY --from=modules /hub/node_modules ./node_modules
COPY --from=build /hub/package.json ./
COPY --from=build /hub/bin ./bin
COPY --from=build /hub/dist ./dist
# The audit log and its roots: two volumes, on two disks. The identity key: a third one, which all processes share and which
# must be kept. Nothing else is written.
RUN cd /var/lib && install --directory --owner=node --group=node --mode=0700 \
  outpost-hub/audit outpost-hub/roots outpost-hub/keys
ENV HUB_HOST=0.0.0.0 HUB_AUDIT_DIR=/var/lib/outpost-hub/audit HUB_AUDIT_ROOTS=/var/lib/outpost-hub/roots
ENV HUB_IDENTITY_KEY=/var/lib/outpost-hub/keys/identity-key
VOLUME ["/var/lib/outpost-hub/audit", "/var/lib/outpost-hub/roots", "/var/lib/outpost-hub/keys"]
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4000/livez').then(a => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
# Signals reach the hub itself, which stops in order.
CMD ["node", "--max-semi-space-size=8", "bin/start.mjs", "src/cli/serve.ts"]
