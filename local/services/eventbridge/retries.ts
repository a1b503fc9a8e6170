import type { Region } from '../../types.ts';

export interface RetryPolicy {
  MaximumRetryAttempts?: number | undefined;
  MaximumEventAgeInSeconds?: number | undefined;
}

/** A delivery that was given up, for people and tests to see. */
export interface FailedDelivery {
  rule: string;
  target: string;
  error: string;
  attempts: number;
  at: Date;
}

/** EventBridge and Scheduler try for 24 hours and up to 185 times where the target says nothing else (their user guides, 2026-11). */
const DEFAULTS = { attempts: 185, ageSeconds: 86_400 };
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 600_000;

export interface Attempts {
  region: Region;
  /** What is being delivered, for the clock's list of work under way. */
  reason: string;
  policy: RetryPolicy | undefined;
  send(attempt: number): Promise<void>;
  /** Not worth another try, or out of tries. */
  onGivenUp(error: Error, attempts: number): void;
}

/** Sends now, and again on the region's clock while it fails for reasons that may pass. Never rejects. */
export const sendWithRetries = async (
  attempts: Attempts,
  attempt = 1,
  begun = attempts.region.clock.now(),
): Promise<void> => {
  const { region, reason, policy, send, onGivenUp } = attempts;
  const release = region.clock.hold(reason);
  try {
    // Whoever caused this is answered first.
    await new Promise((resolve) => setImmediate(resolve));
    await send(attempt);
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
    const next = new Date(region.clock.now().getTime() + pause);
    const ageSeconds = (next.getTime() - begun.getTime()) / 1000;
    const outOfTries = attempt > (policy?.MaximumRetryAttempts ?? DEFAULTS.attempts);
    const tooOld = ageSeconds > (policy?.MaximumEventAgeInSeconds ?? DEFAULTS.ageSeconds);
    if (outOfTries || tooOld || !mayPass(error)) onGivenUp(error, attempt);
    else region.clock.at(next, () => sendWithRetries(attempts, attempt + 1, begun));
  } finally {
    release();
  }
};

/** Refusals for lack of permission or because the target is gone are final; throttling, faults and broken connections pass. */
const mayPass = (error: Error): boolean => {
  const { status, $fault, name } = error as Error & { status?: number; $fault?: string };
  if (/Throttl|TooManyRequests/.test(name)) return true;
  return status === undefined ? $fault !== 'client' : status >= 500;
};
