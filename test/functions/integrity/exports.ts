// Exports as their cataloguing leaves them in the vault.
import { digestsOf, writeArtifact } from '../../../shared/artifacts/artifacts.ts';
import type { Artifact } from '../../../shared/catalog/recovery-point.ts';
import { VAULT } from '../../support/environment.ts';
import type { ShopPlatform } from '../../support/platform.ts';
import { exportPoint } from '../../support/points.ts';

/** A stored export of three objects. */
export const addExport = async (shop: ShopPlatform, date: string, parent = 'x') => {
  const at = new Date(`${date}T03:00:00Z`);
  const point = exportPoint(at, parent);
  const folder = `rds-snapshots/${date.replaceAll('-', '/')}/${point.nativeId}/shop/public.orders/1/`;
  const keys = [0, 1, 2].map((n) => `${folder}part-0000${n}.gz.parquet`);
  const objects: Artifact[] = [];
  for (const key of keys) {
    const { body, versionId } = await shop.vault.place(key, `content of ${key}`);
    objects.push({ uri: `s3://${VAULT}/${key}`, versionId, ...(await digestsOf([body])), writer: 'aws' });
  }
  const manifest = await writeArtifact(
    `manifests/shop-db/${point.id}/000000.json`,
    JSON.stringify({ recoveryPoint: point.id, objects }),
  );
  await shop.vault.addPoint({ ...point, status: 'stored', artifacts: [{ ...manifest, lists: 3 }] });
  return { id: point.id, parts: keys };
};
