// Is the process in this container well? For the container's health check: ends with 0 when GET /health/ready says so.
const url = `http://127.0.0.1:${process.env.PORT || 3000}/health/ready`;
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
} catch (error) {
  console.error(`${url}: ${error.message}`);
  process.exitCode = 1;
}
