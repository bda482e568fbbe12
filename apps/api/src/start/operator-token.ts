import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseOperatorTokens, type OperatorToken } from '#libs/http';
import { Failure } from '#libs/process';
import type { Settings } from '#libs/settings';

export const operatorTokenFile = (dataDir: string): string => path.join(dataDir, 'operator-token');

/** The token kept in a data directory; undefined when there is none. */
export const storedToken = async (dataDir: string): Promise<string | undefined> => {
  try {
    return (await readFile(operatorTokenFile(dataDir), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Appears whole and on disk, or not at all; of two engines that start at once one makes it and both use it. */
const makeToken = async (dataDir: string): Promise<void> => {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const draft = path.join(dataDir, `operator-token.${randomBytes(6).toString('hex')}`);
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await handle.sync();
    await link(draft, operatorTokenFile(dataDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
};

/** Who may call: the tokens that are set, or the one in the data directory, made at the first start; then with the file it is in. */
export const operatorTokens = async ({ operatorTokens: set, dataDir }: Settings): Promise<{ tokens: readonly OperatorToken[]; storedIn: string | undefined }> => {
  if (set.length > 0) return { tokens: set, storedIn: undefined };
  try {
    if (await storedToken(dataDir) === undefined) await makeToken(dataDir);
    return { tokens: parseOperatorTokens(await storedToken(dataDir) as string), storedIn: operatorTokenFile(dataDir) };
  } catch (error) {
    const reason = error instanceof RangeError ? 'there is none in it' : (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Failure(`The operator token cannot be kept in ${operatorTokenFile(dataDir)} (${reason}); mend or remove that file, set METERBOOK_DATA_DIR to another directory, or set METERBOOK_OPERATOR_TOKEN.`, { cause: error });
  }
};
