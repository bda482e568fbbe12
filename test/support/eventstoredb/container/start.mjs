import { getContainerRuntimeClient, GenericContainer, Wait } from 'testcontainers';

const PORT = 2113;
const STARTS_WITHIN_MS = 120_000;

/** @returns why no container can be started here; undefined where one can */
export const whyNoContainers = async () => {
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch (error) {
    return error.message;
  }
};

/** One node that forgets everything when it stops. */
export const startServer = async (image) => {
  const [settings, variables] = [['INSECURE', 'MEM_DB'], image.includes('kurrentdb') ? 'KURRENTDB' : 'EVENTSTORE'];
  const container = await new GenericContainer(image)
    .withEnvironment(Object.fromEntries(settings.map((setting) => [`${variables}_${setting}`, 'true'])))
    .withExposedPorts(PORT)
    .withWaitStrategy(Wait.forHttp('/health/live', PORT).forStatusCodeMatching((status) => status >= 200 && status < 300))
    .withStartupTimeout(STARTS_WITHIN_MS)
    .start();
  return {
    url: `esdb://${container.getHost()}:${container.getMappedPort(PORT)}?tls=false`,
    stop: async () => { await container.stop(); },
  };
};
