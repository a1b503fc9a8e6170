// The seams between the parts of the local region. A service is a map from operation to function; everything that
// calls it (HTTP endpoint, state machines, schedules, other services) goes through `Region.call`, where IAM and faults are.

/** Who is asking. `roleArn` is set for anything that runs under a deployed role; the operator has none and may do all. */
export interface Caller {
  /** Of a service that acts as itself: the ARN of the resource on whose behalf it calls, which is `aws:SourceArn` to policies. */
  arn: string;
  account: string;
  roleArn?: string;
  /**
   * The AWS service behind the call, for calls that one local service makes on another: `rds.amazonaws.com`. Beside a role
   * or a user it calls on their behalf; alone it calls as itself.
   */
  service?: string;
  /** Free text that names the process, for fault plans: the function or machine name. */
  actor?: string;
  /** Ends the calling process at once, as a kill -9 would; set for functions, used by faults. */
  kill?(): void;
}

/** One permission asked for. `context` holds IAM condition keys (`kms:ViaService`, `s3:x-amz-server-side-encryption`, …); several values only for keys such as `aws:TagKeys`. */
export interface Check {
  action: string;
  resource: string;
  context?: Record<string, string | string[]>;
  /** The policy of the resource itself, where it has one. */
  policy?: PolicyStatement[] | undefined;
}

export interface PolicyStatement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: '*' | Record<string, string | string[]>;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  Condition?: Record<string, Record<string, string | string[] | boolean>>;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Roles, credentials and the decision. Every allowed check marks the permissions it needed, so that unused ones can be listed. */
export interface Iam {
  putRole(role: { arn: string; trust: PolicyStatement[]; statements: PolicyStatement[] }): void;
  removeRole(arn: string): void;
  /** The person at the keyboard, an administrator: may do everything except what a resource policy denies explicitly. */
  readonly operator: Caller;
  /** The operator's access key, for clients outside: the AWS CLI, boto3. */
  readonly operatorCredentials: Credentials;
  /** Fresh credentials for one process under a role. */
  issue(roleArn: string, options: { actor: string; kill?: () => void }): Credentials;
  revoke(accessKeyId: string): void;
  callerOf(accessKeyId: string): Caller | undefined;
  /** What a service does when it acts under a role: the trust policy is evaluated. @throws ApiError AccessDenied. */
  assume(
    roleArn: string,
    principal: string,
    options: { actor: string; sourceArn?: string; sourceAccount?: string },
  ): Caller;
  /** Identity policies of the caller, plus an optional resource policy. Explicit deny wins. @throws ApiError AccessDenied, naming caller, action, resource. */
  authorize(caller: Caller, check: Check, resourcePolicy?: PolicyStatement[]): void;
  /**
   * What the role's own policies say about a request, nothing added to its context and nothing marked as used; undefined for
   * a role that does not exist. `missing`: condition keys that a policy asks for and the context lacks.
   */
  simulate(roleArn: string, check: Check): { effect: 'allowed' | 'denied' | 'silent'; missing: string[] } | undefined;
  /** Every allowed action and resource pattern of each role, and whether a call has needed it so far. */
  permissions(): { role: string; action: string; resource: string; used: boolean }[];
}

export interface CallContext {
  region: Region;
  caller: Caller;
  requestId: string;
  signal: AbortSignal;
}

/** One operation: the SDK's command input in, the SDK's command output out. Throws the SDK's own exception classes, or ApiError. */
// biome-ignore lint/suspicious/noExplicitAny: the typed border is defineService; behind it operations of all services stand in one map.
export type Operation = (input: any, context: CallContext) => Promise<any>;

export interface Service {
  /** The signing name the clients send: `rds`, `s3`, `kms`, `states`, `events`, `monitoring`, … */
  signingName: string;
  /** IAM prefix of its actions: `rds`, `s3`, `kms`, `states`, `events`, `cloudwatch`, … */
  iamPrefix: string;
  /** The SDK client package as a namespace: its operation schemas drive the wire protocol. */
  // biome-ignore lint/suspicious/noExplicitAny: a module namespace.
  sdk: any;
  /** `S3Client` and the like: its config tells protocol and signing name. */
  clientName: string;
  operations: Record<string, Operation>;
  /** Answers for regions that are not here, too: its API is in regions of its own choice. */
  worldwide?: true;
  /**
   * The ARNs one call touches, for IAM; `*` where it cannot be told. Several IAM actions may be needed for one operation.
   * `policy` is the policy of the resource itself (a bucket's, a key's), which `Region.call` hands to `Iam.authorize`.
   */
  authorize?(
    operation: string,
    input: unknown,
    context: CallContext,
  ): (Check & { policy?: PolicyStatement[] | undefined })[];
  /** Ends engines and processes at once; what is on their disks stays. */
  cutPower?(): Promise<void>;
  /** Starts again what ran before; the region answers already. */
  restorePower?(): Promise<void>;
  close?(): Promise<void>;
}

export interface BusEvent {
  source: string;
  'detail-type': string;
  detail: Record<string, unknown>;
  resources?: string[];
}

export interface Region {
  name: string;
  account: string;
  /** Where its engines and stores keep their files. */
  directory: string;
  clock: Clock;
  world: World;
  /** http://127.0.0.1:port — an IP, so that every client uses path-style S3. Calls signed for another region are passed on to it. */
  endpoint: string;
  /** False once killed or cut off: every call into it fails at the connection. */
  alive: boolean;
  services: Map<string, Service>;
  /** The way into a service for everybody: faults → IAM → operation. `service` is the signing name. */
  call<T = Record<string, unknown>>(service: string, operation: string, input: object, caller: Caller): Promise<T>;
  /** Puts an event on the default bus as the service itself would; rules see it. */
  emit(event: BusEvent): void;
}

/** Names of the world: Route 53's hosted zones, and those that AWS would own. */
export interface Dns {
  /** Where the name server listens, UDP and TCP: `127.0.0.1:port`. */
  readonly address: string;
  /** Answers a host name AWS would own (`….elb.amazonaws.com`) with the addresses it has when asked. Returns the removal. */
  register(hostName: string, addresses: () => string[]): () => void;
  /** A hosted zone that its owner made long before. */
  host(zone: { id: string; name: string }): void;
  /** The IPv4 addresses a name leads to now; none where it leads nowhere. */
  resolve(name: string): string[];
}

export interface World {
  account: string;
  dns: Dns;
  clock: Clock;
  faults: Faults;
  iam: Iam;
  region(name: string): Region;
  regions: Map<string, Region>;
}

/**
 * Region time: real time plus an offset that only jumps forward, and only while nothing is under way.
 * Timers fire in order of their time.
 */
export interface Clock {
  now(): Date;
  /** Milliseconds by which region time is ahead of the machine's. */
  offset(): number;
  /** Runs the task once region time reaches `time`; the returned function cancels. */
  at(time: Date, task: () => void | Promise<void>): () => void;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Says that real work is under way: the clock does not jump until the returned function is called. */
  hold(reason: string): () => void;
  /** Jumps from timer to timer until `time`, letting the work each one starts settle first. */
  advanceTo(time: Date): Promise<void>;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
  /** What an engine's own clock (the machine's) showed at a region time, and back. For point-in-time restores. */
  toEngineTime(regionTime: Date): Date;
  toRegionTime(engineTime: Date): Date;
}

export interface FaultMatch {
  region?: string;
  service?: string;
  operation?: string;
  actor?: string | RegExp;
}

export type FaultAction =
  /** Answer with this error, before or after the operation took effect. */
  | { kind: 'error'; code: string; status: number; when: 'before' | 'after' }
  /** Cut the connection without an answer, before or after the operation took effect. */
  | { kind: 'drop'; when: 'before' | 'after' }
  | { kind: 'delay'; ms: number }
  /** End the calling function's process at this call, before or after the operation took effect. */
  | { kind: 'kill'; when: 'before' | 'after' };

export interface Faults {
  /** `skip` calls pass first, then `times` calls (default all) suffer. Returns the removal. */
  add(match: FaultMatch, action: FaultAction, options?: { skip?: number; times?: number }): () => void;
  clear(): void;
  /** Runs an operation under the faults that match; `kill` ends the caller's process, if it has one. */
  around<T>(
    call: { region: string; service: string; operation: string; caller: Caller },
    run: () => Promise<T>,
  ): Promise<T>;
}
