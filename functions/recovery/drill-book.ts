// The book of drills of this region.
import { settings } from '../../shared/config/settings.ts';
import { type Drill, Drills, drillsKey } from '../../shared/recovery/drills.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { DrillUnknown } from './errors.ts';

const key = (): string => drillsKey(settings().region);

/** In the order in which they are due. */
export const allDrills = async (): Promise<Drill[]> =>
  ((await findDocument(key(), Drills)) ?? []).toSorted((a, b) => a.dueAt.localeCompare(b.dueAt));

export const findDrill = async (id: string): Promise<Drill | undefined> =>
  (await allDrills()).find((drill) => drill.id === id);

/** Writes a drill down, unless one of its id stands there. */
export const openDrill = async (drill: Drill): Promise<void> => {
  await openDocument(key(), Drills, []);
  await changeDocument(key(), Drills, (all) => (all.some(({ id }) => id === drill.id) ? all : [...all, drill]));
};

/** `change` must be safe to apply twice; the same object changes nothing. @throws {DrillUnknown} */
export const changeDrill = async (id: string, change: (drill: Drill) => Drill): Promise<Drill> => {
  const book = await changeDocument(key(), Drills, (all) => {
    const standing = all.find((drill) => drill.id === id);
    if (!standing) throw unknown(id, all);
    const changed = change(standing);
    return changed === standing ? all : all.map((drill) => (drill === standing ? changed : drill));
  });
  return book.find((drill) => drill.id === id) as Drill;
};

const unknown = (source: string, all: readonly Drill[]): DrillUnknown =>
  new DrillUnknown('there was no such drill in this region.', {
    source,
    expected: all.map(({ id }) => id).slice(-10),
    next: 'Give the id that the message of the drill names.',
  });
