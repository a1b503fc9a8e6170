// What people are told of an archive that has holes.

import { parsePointId } from '../../shared/catalog/ids.ts';
import type { ArchiveIndex, Beside, Gap } from '../../shared/kafka/archive.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';

const WORDS: Record<Gap['why'], string> = {
  trimmed: 'the brokers had dropped them before they were archived',
  rewound: 'the brokers lost them: the archive has the only copy, and their offsets are given again',
  recreated: 'the topic was deleted or made again: what it held after its last archive is lost',
};

/** Told for this archive and no later one: the next goes on behind them. */
export const tellGaps = async ({ recoveryPoint, gaps, takenAt }: ArchiveIndex): Promise<void> => {
  if (gaps.length === 0) return;
  const { source } = parsePointId(recoveryPoint);
  await notify({
    topic: 'critical',
    what: `${gaps.length} gaps between ${source} and its archive`,
    ...{ source, recoveryPoint, since: new Date(takenAt) },
    impact: 'A restore cannot bring back what is named here. Everything else is archived.',
    evidence: gaps
      .slice(0, 20)
      .map(({ topic, partition, from, to, why }) => `${topic}-${partition}, offsets ${from} to ${to}: ${WORDS[why]}`),
    next: 'Archive more often than the topics retain (retention.ms, retention.bytes), and find out who deletes topics or lets unclean leaders be elected.',
  });
};

const BESIDE: Record<keyof Beside, { what: string; impact: string }> = {
  connect: {
    what: 'Kafka Connect',
    impact:
      'Connectors are restored as an older archive has them: with its configurations, and reading again what came since.',
  },
  registry: {
    what: 'The schema registry',
    impact: 'Schemas are restored as an older archive has them: records that need a newer one could not be read.',
  },
};

/** That something beside the cluster is not in this archive, which otherwise is whole; or that it is in it again. */
export const tellBeside = async ({ recoveryPoint, beside, takenAt }: ArchiveIndex): Promise<void> => {
  const { source } = parsePointId(recoveryPoint);
  for (const [key, { what, impact }] of Object.entries(BESIDE)) {
    const document = beside[key as keyof Beside];
    const trouble = `${key}-not-archived`;
    if (document && 'missing' in document)
      await notify({
        topic: 'warning',
        what: `${what} of ${source} was not archived`,
        ...{ source, recoveryPoint, since: new Date(takenAt), impact, trouble, evidence: [document.missing] },
        next: 'The topics are archived. Mend what the message names; the next archive tries again.',
      });
    if (document && 'artifact' in document) await recovered({ source, trouble });
  }
};
