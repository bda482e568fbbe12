import { runProcess } from '#libs/engine';
import { startApi } from './start/start-api.js';

await runProcess('api', async (parts) => {
  const api = await startApi({ ...parts, projects: false });
  if (api.tokenStoredIn !== undefined) process.stdout.write(`The operator token is in ${api.tokenStoredIn}\n`);
  try {
    return { url: await api.listen(), stop: () => api.app.close() };
  } catch (error) {
    await api.app.close();
    throw error;
  }
});
