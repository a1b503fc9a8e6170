/** One invocation, as the process of a function is told it. */
export interface Invocation {
  requestId: string;
  /** JSON text. */
  payload: string;
  functionArn: string;
  /** Milliseconds of region time since 1970. */
  deadline: number;
  /** Milliseconds by which region time is ahead of the machine's. */
  offset: number;
}

/** What the process of a function says. `payload` is JSON text: the handler's result, or the error. */
export type FromProcess =
  | { kind: 'ready' }
  | { kind: 'done'; requestId: string; payload: string; failed: boolean; peakKilobytes: number };
