// The automatic points of the checklist. Each looks at the world and says what it expected and what it found; one that
// cannot look throws, and is then told as unanswered, never as passed.
import { connect as connectTls } from 'node:tls';
import { DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { cloudwatch } from '../../shared/aws/clients.ts';
import { newestBefore } from '../../shared/catalog/catalog.ts';
import { answerCheck } from '../../shared/checks/answers.ts';
import { now } from '../../shared/clock.ts';
import type { Check } from '../../shared/config/checks.ts';
import { settings } from '../../shared/config/settings.ts';
import { readLogin } from '../../shared/rds/logins.ts';
import { NAMESPACE } from '../../shared/telemetry/metrics.ts';
import type { TestName } from './checklist.ts';
import { describeMeasured, type Measured, measureEndpoint } from './endpoints.ts';
import { holdEpoch } from './epoch.ts';
import { phaseRecords } from './phases.ts';
import { STATEMENT_SECONDS, type Subject } from './validation-subject.ts';

export type Outcome = { passed: boolean; expected: string; found: string } | { notApplicable: string };

type Test = (subject: Subject) => Promise<Outcome>;

const outcome = (passed: boolean, expected: string, found: string): Outcome => ({ passed, expected, found });

/** What a drill leaves as it is has nothing to show. */
const notInDrills =
  (reason: string, test: Test): Test =>
  async (subject) =>
    subject.context.rehearsal ? { notApplicable: `a drill ${reason}` } : test(subject);

/** The configured checks of some kinds, asked of the live database as it is now. */
const checks =
  (what: string, of: (check: Check) => boolean): Test =>
  ({ source, withDatabase }) =>
    withDatabase(async (session) => {
      const chosen = source.checks.filter(of);
      if (chosen.length === 0) return { notApplicable: `the configuration has no checks of ${what}` };
      const bad: string[] = [];
      for (const check of chosen) {
        // Customers go on while it is asked: what they write meanwhile does not lie in the future.
        const latest = new Date(now().getTime() + STATEMENT_SECONDS * 1000);
        const moment = { time: now(), latest, countsOf: async () => [] };
        const { passed, expected, found } = await answerCheck(check, session, moment);
        if (!passed && check.severity === 'critical') bad.push(`${check.name}: expected ${expected}, found ${found}`);
      }
      return outcome(bad.length === 0, `${chosen.length} checks of ${what} pass`, bad.join('; ') || 'all pass');
    });

const databaseAnswers: Test = ({ withDatabase }) =>
  withDatabase(async (session) => {
    // This session chose for itself; what others get is what a reset would give.
    const { standby, readonly } = await session.row(
      `SELECT pg_is_in_recovery() AS standby, (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only') AS readonly`,
    );
    const writable = standby === 'f' && readonly !== 'on';
    return outcome(writable, 'a database that takes writes', writable ? 'it does' : 'it is read-only');
  });

const references: Test = ({ withDatabase }) =>
  withDatabase(async (session) => {
    const { total, bad } = await session.row(
      `SELECT count(*) AS total, count(*) FILTER (WHERE NOT convalidated) AS bad FROM pg_constraint WHERE contype = 'f'`,
    );
    if (total === '0') return { notApplicable: 'the database has no foreign keys' };
    return outcome(bad === '0', `${total} foreign keys, all validated`, `${bad} not validated`);
  });

const corruption: Test = ({ withDatabase }) =>
  withDatabase(async (session) => {
    const { checked, failures } = await session.row(
      `SELECT current_setting('data_checksums') AS checked, sum(checksum_failures)::text AS failures FROM pg_stat_database`,
    );
    if (checked !== 'on') return { notApplicable: 'the server keeps no checksums of its pages' };
    return outcome(failures === '0', 'no page whose checksum does not match', `${failures} since the server started`);
  });

const slots: Test = ({ withDatabase }) =>
  withDatabase(async (session) => {
    const rows = await session.rows(
      `SELECT slot_name, active::text AS active FROM pg_replication_slots WHERE slot_type = 'logical'`,
    );
    const { publications } = await session.row('SELECT count(*) AS publications FROM pg_publication');
    if (publications === '0' && rows.length === 0)
      return { notApplicable: 'nothing captures changes of this database' };
    const idle = rows.filter(({ active }) => active !== 'true').map(({ slot_name }) => slot_name);
    return outcome(
      rows.length > 0 && idle.length === 0,
      'a slot in use for what captures changes: one is never promoted with a replica',
      rows.length === 0
        ? 'no logical slot: consumers must take a new snapshot'
        : `not in use: ${idle.join(', ') || 'none'}`,
    );
  });

const endpoints =
  (judge: (measured: Measured) => boolean, expected: string): Test =>
  async ({ context, signal }) => {
    const measured = await Promise.all(context.plan.endpoints.map((endpoint) => measureEndpoint(endpoint, signal)));
    return outcome(measured.every(judge), expected, measured.map(describeMeasured).join('; '));
  };

const factOf =
  (phaseName: Parameters<Subject['context']['factsOf']>[0], expected: string, none: string): Test =>
  async ({ context }) => {
    const facts = context.factsOf(phaseName);
    return facts ? outcome(true, expected, JSON.stringify(facts).slice(0, 300)) : { notApplicable: none };
  };

const oldPrimaryFenced: Test = async ({ context }) => {
  const fence = context.factsOf('fence');
  if (!fence) return { notApplicable: 'this was no move from a live primary' };
  return outcome(
    fence.confirmed === true,
    'the application shut out of the old primary',
    fence.confirmed === true
      ? 'confirmed'
      : `not confirmed: ${String(fence.found ?? 'it does not answer')}; the guard goes on trying`,
  );
};

const backupBegun: Test = async ({ context, name }) => {
  const point = await newestBefore(name, now(), ({ startedAt }) => new Date(startedAt) >= context.declaredAt);
  return outcome(
    point !== undefined && point.status !== 'failed',
    'a recovery point begun since the failover',
    point ? `${point.id}, ${point.status}` : 'none',
  );
};

const schedulesRun: Test = async ({ context }) => {
  const enabled = context.factsOf('monitoring')?.schedules;
  return outcome(
    typeof enabled === 'number' && enabled > 0,
    'the schedules of this region switched on',
    typeof enabled === 'number' ? `${enabled} schedules` : 'none',
  );
};

const vaultReadable: Test = async ({ context }) => {
  const { epoch } = await holdEpoch(context.failoverId);
  return outcome(true, 'the record of this failover, decrypted with the key', `epoch ${epoch}`);
};

const timeLineKept: Test = async ({ context }) => {
  const records = await phaseRecords(context.failoverId);
  return outcome(records.length > 1, 'a record of every phase so far', records.map(({ phase }) => phase).join(', '));
};

const secretsReadable: Test = async ({ name, source }) => {
  await readLogin(name, source.secret);
  return outcome(true, `secret ${source.secret} read in this region`, 'a login');
};

const encryptedAtRest: Test = async ({ instance }) => {
  const { StorageEncrypted, DBInstanceIdentifier } = await instance();
  return outcome(
    StorageEncrypted === true,
    'storage encrypted',
    `${DBInstanceIdentifier}: ${StorageEncrypted === true ? 'encrypted' : 'not encrypted'}`,
  );
};

const encryptedInTransit: Test = ({ withDatabase }) =>
  withDatabase(async (session) => {
    const { version } = await session.row('SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    return outcome(/^TLSv1\.[23]$/.test(version ?? ''), 'TLS 1.2 or newer to the database', version ?? 'no TLS');
  });

const VALID_DAYS = 14;

const certificates: Test = async ({ context, signal }) => {
  const secure = context.plan.endpoints.map(({ url }) => new URL(url)).filter(({ protocol }) => protocol === 'https:');
  if (secure.length === 0) return { notApplicable: 'no endpoint of the configuration is https' };
  const days = await Promise.all(secure.map((url) => daysValid(url, signal)));
  return outcome(
    days.every((left) => left >= VALID_DAYS),
    `certificates trusted and good for ${VALID_DAYS} days`,
    `${days.join(', ')} days left`,
  );
};

/** A certificate that is not trusted ends the handshake with an error of its own. */
const daysValid = ({ hostname, port }: URL, signal: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = connectTls({ host: hostname, port: Number(port || 443), servername: hostname, timeout: 5_000 });
    const end = (settle: () => void): void => {
      socket.destroy();
      settle();
    };
    signal.addEventListener('abort', () => end(() => reject(signal.reason)), { once: true });
    socket.once('timeout', () => end(() => reject(new Error(`no TLS handshake with ${hostname} within 5 s`))));
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('secureConnect', () => {
      const until = Date.parse(socket.getPeerCertificate().valid_to);
      end(() => resolve(Math.floor((until - now().getTime()) / 86_400_000)));
    });
  });

const metricsArrive: Test = async ({ name }) => {
  const { Datapoints = [] } = await cloudwatch().send(
    new GetMetricStatisticsCommand({
      Namespace: NAMESPACE,
      MetricName: 'AchievableRpo',
      Dimensions: [
        { Name: 'service', Value: settings().service },
        { Name: 'source', Value: name },
      ],
      StartTime: new Date(now().getTime() - 15 * 60_000),
      EndTime: now(),
      Period: 60,
      Statistics: ['SampleCount'],
    }),
  );
  return outcome(
    Datapoints.length > 0,
    'the database measured from this region in the last 15 minutes',
    `${Datapoints.length} values`,
  );
};

const alarmsAct: Test = async () => {
  const { MetricAlarms = [] } = await cloudwatch().send(
    new DescribeAlarmsCommand({ AlarmNamePrefix: settings().service }),
  );
  const silent = MetricAlarms.filter(({ ActionsEnabled }) => ActionsEnabled === false).map(
    ({ AlarmName }) => AlarmName,
  );
  return outcome(
    MetricAlarms.length > 0 && silent.length === 0,
    'alarms of this region that tell people',
    `${MetricAlarms.length} alarms, silent: ${silent.join(', ') || 'none'}`,
  );
};

const NAMES_STAY = 'switches no names of customers';
const UNTOUCHED = 'leaves schedules and alarms as they are';

export const VALIDATION_TESTS: Record<TestName, Test> = {
  'database answers': databaseAnswers,
  'database checks': checks('content', ({ kind }) => kind !== 'orphans' && kind !== 'recent' && kind !== 'row-count'),
  orphans: checks('references', ({ kind }) => kind === 'orphans'),
  references,
  'recent rows': checks('recency', ({ kind }) => kind === 'recent'),
  'row counts': checks('row counts', ({ kind }) => kind === 'row-count'),
  corruption,
  slots,
  'cache restored': factOf('cache', 'a cache that answered when it was restored', 'no cache is configured'),
  'streams restored': factOf(
    'streams',
    'topics read back, and groups set where they were',
    'no streams are configured',
  ),
  'workloads ready': notInDrills(
    'starts no workloads',
    factOf('workloads', 'every rollout complete', 'no workloads are configured'),
  ),
  'endpoints healthy': notInDrills(
    NAMES_STAY,
    endpoints(({ failed, requests }) => failed === 0 && requests > 0, 'every request answered'),
  ),
  'endpoints fast': notInDrills(
    NAMES_STAY,
    endpoints(({ healthy }) => healthy, 'every endpoint within its time'),
  ),
  'names point here': notInDrills(NAMES_STAY, factOf('dns', "customers' names lead here", 'no names are configured')),
  'schedules run': notInDrills(UNTOUCHED, schedulesRun),
  'backup begun': notInDrills(UNTOUCHED, backupBegun),
  'vault readable': vaultReadable,
  'secrets readable': secretsReadable,
  'encrypted at rest': encryptedAtRest,
  'encrypted in transit': encryptedInTransit,
  certificates,
  'metrics arrive': notInDrills(UNTOUCHED, metricsArrive),
  'alarms act': notInDrills(UNTOUCHED, alarmsAct),
  'old primary fenced': notInDrills('shuts nobody out', oldPrimaryFenced),
  'time line kept': timeLineKept,
};
