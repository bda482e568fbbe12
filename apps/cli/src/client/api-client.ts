import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '#libs/process';

/** What an engine answers when it refuses (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title?: string;
  readonly detail?: string;
}

/** The engine refused a request; the same request would be refused again. */
export class Refused extends Failure {
  constructor(readonly problem: Problem, request: string) {
    super(`${request} was refused (${problem.status} ${problem.code}): ${problem.detail ?? problem.title ?? 'no reason given'}`);
    this.name = 'Refused';
  }
}

export interface ClientOptions {
  readonly url: string;
  readonly token: string;
  /** Ends the waiting for an engine that does not answer; a request under way is let finish. */
  readonly signal?: AbortSignal;
  /** Told once when requests begin to wait for the engine, and once when they go on. */
  readonly onWaiting?: (waiting: boolean) => void;
}

export interface RequestOptions {
  readonly contentType?: string;
  /** For how long an engine that does not answer is asked again. */
  readonly patienceMs?: number;
}

/** Longer than a restart after a crash takes. */
const PatienceMs = 300_000;
const AttemptMs = 60_000;
const LongestPauseMs = 5_000;

/** Answers that ask to come back: the engine, or a proxy before it, cannot answer just now. */
const isTransient = (status: number): boolean => status === 429 || (status >= 502 && status <= 504);

/** Thrown and caught in here: nobody answered. */
class NoAnswer extends Error {
  constructor(message: string, readonly retryAfterMs?: number) { super(message); }
}

/**
 * Talks to an engine. Requests are sent again until they are answered, so only those belong here that have one effect
 * however often they arrive; all of the engine's commands do, by their ids.
 */
export class ApiClient {
  private waiting = false;

  constructor(private readonly options: ClientOptions) {}

  get url(): string { return this.options.url; }

  get<Answer>(path: string, options?: RequestOptions): Promise<Answer> {
    return this.send<Answer>('GET', path, undefined, options);
  }

  post<Answer>(path: string, body: unknown, options?: RequestOptions): Promise<Answer> {
    return this.send<Answer>('POST', path, body, options);
  }

  /** @throws Refused, or Failure when the engine cannot be reached for too long */
  private async send<Answer>(method: string, path: string, body: unknown, { contentType = 'application/json', patienceMs = PatienceMs }: RequestOptions = {}): Promise<Answer> {
    const giveUpAt = performance.now() + patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await this.attempt<Answer>(method, path, body, contentType);
        this.wait(false);
        return answer;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (performance.now() > giveUpAt) throw new Failure(`No engine answers at ${this.url} (${error.message}). Start one with "npm start", or pass the right --url.`);
        this.wait(true);
        await sleep(error.retryAfterMs ?? pauseMs(attempt), undefined, { signal: this.options.signal });
      }
    }
  }

  private async attempt<Answer>(method: string, path: string, body: unknown, contentType: string): Promise<Answer> {
    const { token, url } = this.options;
    // Not AbortSignal.timeout: that would keep what it belongs to, bodies and all, until its time has come.
    const tooLong = new AbortController();
    const timer = setTimeout(() => tooLong.abort(new Error(`no answer within ${AttemptMs / 1_000} s`)), AttemptMs);
    let status: number;
    let text: string;
    let retryAfter: string | null;
    try {
      const response = await fetch(new URL(path, url), {
        method, signal: tooLong.signal, redirect: 'error',
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': contentType }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      ({ status } = response);
      retryAfter = response.headers.get('retry-after');
      text = await response.text();
    } catch (error) {
      throw new NoAnswer(reasonOf(error));
    } finally {
      clearTimeout(timer);
    }
    if (isTransient(status)) throw new NoAnswer(`it answers ${status}`, retryAfterMs(retryAfter));
    const answer = parse(text);
    if (status >= 200 && status < 300 && answer !== undefined) return answer as Answer;
    if (isProblem(answer)) throw new Refused(answer, `${method} ${path}`);
    throw new Failure(`${url} answers ${method} ${path} with ${status} and no Meterbook problem; is it the address of an engine?`);
  }

  private wait(waiting: boolean): void {
    if (waiting === this.waiting) return;
    this.waiting = waiting;
    this.options.onWaiting?.(waiting);
  }
}

/** Doubles up to a bound; half of it is chance, so that many clients do not come back together. */
const pauseMs = (attempt: number): number => Math.min(100 * 2 ** attempt, LongestPauseMs) * (0.5 + Math.random() / 2);

/** Seconds; the other form, a date, is not worth trusting clocks for. */
const retryAfterMs = (header: string | null): number | undefined => {
  const seconds = header === null ? Number.NaN : Number(header);
  return seconds >= 0 ? Math.min(seconds * 1_000, 60_000) : undefined;
};

/** Of what fetch throws; the reason proper lies within. */
const reasonOf = (error: unknown): string => {
  const { cause, message } = error as { readonly cause?: { readonly code?: string; readonly message?: string }; readonly message: string };
  return cause?.code ?? cause?.message ?? message;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const isProblem = (answer: unknown): answer is Problem =>
  typeof answer === 'object' && answer !== null && typeof (answer as Problem).code === 'string' && typeof (answer as Problem).status === 'number';
