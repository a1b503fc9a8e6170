// Everything the report speaks of, read from catalogue and vault.
import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { locate, uriHere } from '../../shared/artifacts/artifacts.ts';
import { rds, s3 } from '../../shared/aws/clients.ts';
import { pointsBetween } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { datePath } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Source } from '../../shared/config/schema.ts';
import { settings } from '../../shared/config/settings.ts';
import { instanceIn } from '../../shared/rds/instances.ts';
import type { Drill } from '../../shared/recovery/drills.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { gatherDrills } from './drills-section.ts';
import { type FailoverReport, gatherFailover } from './failover-gathering.ts';
import { type MessagesOfKind, messagesBefore } from './messages.ts';
import { cacheObjectives, clusterObjectives, databaseObjectives, type Objective } from './objectives.ts';
import { gatherPlan, type PlanReport } from './plan-gathering.ts';

const DAY_MS = 86_400_000;
const SPAN_DAYS = 35;
/** The evidence of the newest verifications is shown in full; that of older ones stands in the vault. */
const SHOWN = 5;

const Difference = z.looseObject({
  in: z.string(),
  kind: z.string(),
  key: z.string().optional(),
  pages: z.string().optional(),
});
const Table = z.looseObject({
  table: z.string(),
  exact: z.number(),
  oneByOne: z.number(),
  undecided: z.number(),
  written: z.number(),
  notCompared: z.string().optional(),
  differences: z.array(Difference),
});
/** What the report reads of an evidence document; the document says more. */
const Evidence = z.looseObject({
  startedAt: z.string(),
  at: z.string(),
  evidence: z.looseObject({
    checks: z.array(
      z.looseObject({
        name: z.string(),
        severity: z.string(),
        result: z
          .looseObject({ expected: z.string(), found: z.string(), passed: z.boolean(), seconds: z.number() })
          .optional(),
      }),
    ),
    comparisons: z.array(
      z.looseObject({
        finding: z
          .looseObject({
            tables: z.array(Table),
            differences: z.array(Difference),
            notCompared: z.array(z.looseObject({ name: z.string(), reason: z.string() })),
          })
          .optional(),
      }),
    ),
    troubles: z.array(z.looseObject({ step: z.string(), error: z.string(), cause: z.string() })),
  }),
});
export type Evidence = z.output<typeof Evidence>;

const Integrity = z.looseObject({
  counts: z.looseObject({ checked: z.number(), reread: z.number(), rereadBytes: z.number(), archived: z.number() }),
  findings: z.array(
    z.looseObject({
      uri: z.string(),
      problem: z.string(),
      recoveryPoint: z.string().nullable(),
      expected: z.string(),
      found: z.string(),
    }),
  ),
});

export interface VerificationReport {
  point: string;
  verification: RecoveryPoint['verifications'][number];
  /** Undefined where the document is gone or cannot be read. */
  evidence: Evidence | undefined;
}

export interface SourceReport {
  name: string;
  objectives: Objective[];
  points: RecoveryPoint[];
  verifications: VerificationReport[];
}

export interface Report {
  platform: string;
  regions: { primary: string; recovery: string };
  at: string;
  from: string;
  sources: SourceReport[];
  integrity: { day: string; report: z.output<typeof Integrity> }[];
  messages: MessagesOfKind[];
  /** The last failover into this region, and what the platform promises of one. */
  failover?: { report: FailoverReport; objectives: { rto: number; rpo: number } };
  /** The newest plan of a failover. */
  plan?: PlanReport;
  /** Rehearsals, oldest first, and what they are measured against. */
  drills?: { list: Drill[]; objectives: { rto: number; rpo: number } };
}

export const gather = async (at: Date): Promise<Report> => {
  const { platform, regions, sources, recovery } = configuration();
  // At once: each may wait for the other region, which may be gone.
  const [failover, plan, drills = []] = recovery
    ? await Promise.all([gatherFailover(), gatherPlan(), gatherDrills()])
    : [];
  const from = new Date(at.getTime() - SPAN_DAYS * DAY_MS);
  const reports: SourceReport[] = [];
  for (const [name, source] of Object.entries(sources)) {
    const points = await Array.fromAsync(pointsBetween(name, from, new Date(at.getTime() + 1)));
    reports.push({
      name,
      points,
      objectives: await objectivesOf(source, points, at),
      verifications: await verificationsOf(points),
    });
  }
  return {
    platform,
    regions,
    at: at.toISOString(),
    from: from.toISOString(),
    sources: reports,
    integrity: await integrityRuns(at),
    messages: await messagesBefore(at),
    ...(recovery && failover ? { failover: { report: failover, objectives: recovery.objectives } } : {}),
    ...(plan ? { plan } : {}),
    ...(recovery && drills.length > 0 ? { drills: { list: drills, objectives: recovery.objectives } } : {}),
  };
};

const objectivesOf = async (source: Source, points: readonly RecoveryPoint[], at: Date): Promise<Objective[]> => {
  switch (source.kind) {
    case 'rds-postgres':
      return databaseObjectives(source, points, await latestRestorable(instanceIn(source, settings().region)), at);
    case 'elasticache-redis':
      return cacheObjectives(source, points, at);
    case 'kafka':
      return clusterObjectives(source, points, at);
  }
};

const latestRestorable = async (instance: string): Promise<Date | undefined> => {
  try {
    const { DBInstances } = await rds().send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: instance }));
    return DBInstances?.[0]?.LatestRestorableTime;
  } catch (error) {
    // The report is for the day on which the database is gone, too: it then says "not measured".
    logger.warn('instance not described', { instance, error: error instanceof Error ? error.name : String(error) });
    return undefined;
  }
};

const verificationsOf = async (points: readonly RecoveryPoint[]): Promise<VerificationReport[]> => {
  const newest = points
    .flatMap(({ id, verifications }) => verifications.map((verification) => ({ point: id, verification })))
    .toSorted((a, b) => b.verification.at.localeCompare(a.verification.at))
    .slice(0, SHOWN);
  return Promise.all(
    newest.map(async (each) => ({
      ...each,
      evidence: await readDocument(uriHere(each.verification.evidence), Evidence),
    })),
  );
};

const integrityRuns = async (at: Date): Promise<Report['integrity']> => {
  const runs: Report['integrity'] = [];
  for (let days = 0; days < 7; days++) {
    const day = datePath(new Date(at.getTime() - days * DAY_MS));
    const report = await readDocument(`s3://${settings().vaultBucket}/integrity/${day}/report.json`, Integrity);
    if (report) runs.push({ day, report });
  }
  return runs;
};

const readDocument = async <T>(uri: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  try {
    const answer = await s3().send(new GetObjectCommand(locate({ uri })));
    return schema.parse(JSON.parse((await answer.Body?.transformToString()) ?? ''));
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    logger.warn('document not understood', { uri });
    return undefined;
  }
};
