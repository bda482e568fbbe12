# One image for every process of Meterbook; the command says which one it is.
#   docker build -t meterbook .
#   docker run -p 3000:3000 -e DATABASE_URL=postgres://… meterbook                        everything in one process
#   docker run -e DATABASE_URL=… meterbook dist/apps/projector/src/main.js               a projector alone
FROM node:22.20.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY apps apps
COPY libs libs
COPY test/bench test/bench
COPY test/support test/support
RUN npm run build

# What runs needs no compiler, and no PostgreSQL of its own: in a container the database is another container.
FROM node:22.20.0-bookworm-slim AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/typescript node_modules/@types

FROM node:22.20.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /meterbook
COPY --from=dependencies /build/node_modules node_modules
COPY --from=build /build/dist/apps dist/apps
COPY --from=build /build/dist/libs dist/libs
COPY package.json LICENSE ./
COPY catalogs catalogs
COPY scripts/healthy.mjs scripts/healthy.mjs
# The operator token is kept here when none is set.
RUN install -d -o node -g node /meterbook/data
VOLUME /meterbook/data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "scripts/healthy.mjs"]
# The same young generation as npm start gives it: most of a request's garbage fits in.
ENTRYPOINT ["node", "--max-semi-space-size=32"]
CMD ["dist/apps/cli/src/main.js", "start"]
