import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { FailoverId } from '../../shared/recovery/documents.ts';
import { Drill, drillKey } from '../../shared/recovery/drills.ts';
import { changeDocument } from '../../shared/vault/documents.ts';

export const LessonRequest = z.strictObject({
  /** The id of the drill, as its message gives it. */
  drill: FailoverId,
  by: z.string().min(1).max(200),
  text: z.string().min(1).max(2000),
});

/** Adds a lesson; the same one of the same person is added once. @throws {DocumentMissing} for a drill that never was. */
export const noteLesson = ({ drill, by, text }: z.output<typeof LessonRequest>): Promise<Drill> =>
  changeDocument(drillKey(drill), Drill, (standing) =>
    standing.lessons.some((lesson) => lesson.by === by && lesson.text === text)
      ? standing
      : { ...standing, lessons: [...standing.lessons, { at: now().toISOString(), by, text }] },
  );
