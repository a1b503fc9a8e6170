import { describe, expect, it } from 'vitest';
import { patched } from '../../../../local/services/eks/api/patches.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';
const pod = {
  containers: [
    {
      name: 'web',
      image: 'web:1',
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', value: 'b' },
      ],
      args: ['x', 'y'],
    },
    { name: 'proxy', image: 'proxy:1' },
  ],
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
};

describe('a strategic merge patch', () => {
  it('merges lists by the name of their elements, and replaces those that have none', () => {
    const patch = {
      containers: [
        {
          name: 'web',
          env: [
            { name: 'B', value: 'new' },
            { name: 'C', value: 'c' },
          ],
          args: ['z'],
        },
      ],
    };
    expect(patched(pod, patch, STRATEGIC)).toEqual({
      ...pod,
      containers: [
        {
          name: 'web',
          image: 'web:1',
          env: [
            { name: 'A', value: 'a' },
            { name: 'B', value: 'new' },
            { name: 'C', value: 'c' },
          ],
          args: ['z'],
        },
        pod.containers[1],
      ],
    });
  });

  it('removes what it says to delete, by element and by null', () => {
    const patch = { containers: [{ name: 'proxy', $patch: 'delete' }], strategy: null };
    expect(patched(pod, patch, STRATEGIC)).toEqual({ containers: [pod.containers[0]] });
  });

  it('keeps only the keys it retains, and pays no heed to the order of elements', () => {
    const patch = {
      strategy: { $retainKeys: ['type'], type: 'Recreate' },
      '$setElementOrder/containers': [{ name: 'proxy' }, { name: 'web' }],
    };
    expect(patched(pod, patch, STRATEGIC)).toEqual({ ...pod, strategy: { type: 'Recreate' } });
  });

  it('replaces an object or a list that it says to replace', () => {
    const patch = {
      strategy: { $patch: 'replace', type: 'Recreate' },
      containers: [{ $patch: 'replace' }, { name: 'only' }],
    };
    expect(patched(pod, patch, STRATEGIC)).toEqual({ strategy: { type: 'Recreate' }, containers: [{ name: 'only' }] });
  });

  it('removes elements of a list without names', () => {
    expect(patched({ finalizers: ['a', 'b'] }, { '$deleteFromPrimitiveList/finalizers': ['a'] }, STRATEGIC)).toEqual({
      finalizers: ['b'],
    });
  });

  it('tells the ports of a container and of a service apart by their numbers', () => {
    const ports = { ports: [{ port: 80, targetPort: 1 }] };
    expect(patched(ports, { ports: [{ port: 80, targetPort: 2 }, { port: 81 }] }, STRATEGIC)).toEqual({
      ports: [{ port: 80, targetPort: 2 }, { port: 81 }],
    });
  });
});

describe('a merge patch', () => {
  it('replaces lists, merges objects, and removes with null', () => {
    const patch = { containers: [], strategy: { rollingUpdate: null, more: { a: 1 } } };
    expect(patched(pod, patch, 'application/merge-patch+json; charset=utf-8')).toEqual({
      containers: [],
      strategy: { type: 'RollingUpdate', more: { a: 1 } },
    });
  });

  it('that is no object is refused', () => {
    expect(() => patched(pod, [], 'application/merge-patch+json')).toThrow('a merge patch is an object');
  });
});

it('another kind of patch is refused by its type', () => {
  for (const type of ['application/apply-patch+yaml', 'application/json-patch+json'])
    expect(() => patched(pod, {}, type)).toThrow('JSON patches and server-side apply are not offered here');
});
