import type { Stack } from './scope.ts';

/** Removes what a failed creation made, newest first, and says what it removed and what it had to leave. */
export const rollBack = async ({ region, template, created }: Stack): Promise<string> => {
  const removed: string[] = [];
  const left: string[] = [];
  for (const [logicalId, { undo }] of [...created].reverse()) {
    const kept = template.Resources[logicalId]?.DeletionPolicy === 'Retain';
    try {
      if (kept || !undo) throw new Error(kept ? 'its DeletionPolicy is Retain' : 'nothing to remove it with');
      await region.call(undo.service, undo.operation, undo.input, region.world.iam.operator);
      removed.push(logicalId);
    } catch (error) {
      left.push(`${logicalId} (${(error as Error).message})`);
    }
  }
  return `Rolled back: ${removed.join(', ') || 'nothing'}. Left in place: ${left.join(', ') || 'nothing'}.`;
};
