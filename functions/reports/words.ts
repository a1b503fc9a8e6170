// Figures as people read them.

export const seconds = (value: number | null | undefined): string => {
  if (value === null || value === undefined) return '–';
  if (value < 120) return `${Number(value.toPrecision(3))} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  return value < 172_800 ? `${(value / 3600).toFixed(1)} h` : `${(value / 86_400).toFixed(1)} d`;
};

export const bytes = (value: number | undefined): string => {
  if (value === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, value > 0 ? Math.floor(Math.log2(value) / 10) : 0);
  return `${Number((value / 1024 ** power).toPrecision(3))} ${units[power]}`;
};

export const count = (value: number): string => value.toLocaleString('en-GB');

export const time = (iso: string | undefined): string => (iso ? `${iso.slice(0, 16).replace('T', ' ')}` : '–');
