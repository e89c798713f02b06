# The services, and the one-shots that prepare their secrets and their database. Targets: auth, tasks, tools.
# TypeScript runs as it is: there is nothing to build.

FROM node:24-bookworm-slim AS manifests
WORKDIR /daymark
COPY package.json package-lock.json .npmrc ./
COPY services/kit/package.json services/kit/
COPY services/auth/package.json services/auth/
COPY services/tasks/package.json services/tasks/
COPY web/package.json web/
COPY db/package.json db/
COPY local/package.json local/
COPY bench/package.json bench/

FROM manifests AS tools-packages
# Optional packages are the embedded PostgreSQL and Node itself, which this image brings along.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --workspace db --workspace local

FROM manifests AS services-packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --workspace services/auth --workspace services/tasks

FROM node:24-bookworm-slim AS tools
ENV NODE_ENV=production
WORKDIR /daymark
COPY --from=tools-packages /daymark ./
COPY db db
COPY local local
USER node

FROM node:24-bookworm-slim AS services
ENV NODE_ENV=production HOST=0.0.0.0 INTERNAL_HOST=0.0.0.0
WORKDIR /daymark
COPY --from=services-packages /daymark ./
COPY services services
# Compiled code is read at the start, and a small young generation kept: less to wait for, and 60 MB less to hold.
ENV NODE_COMPILE_CACHE=/daymark/compiled NODE_OPTIONS=--max-semi-space-size=8
RUN node --input-type=module -e "for (const file of ['auth/app', 'tasks/app', 'kit/src/run-service']) await import('./services/' + file + '.ts')"
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.INTERNAL_PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

FROM services AS tasks
ENV PORT=3002 INTERNAL_PORT=3102
EXPOSE 3002 3102
CMD ["node", "services/tasks/server.ts"]

FROM services AS auth
ENV PORT=3001 INTERNAL_PORT=3101
EXPOSE 3001 3101
CMD ["node", "services/auth/server.ts"]
