/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: as exact as a person needs it. */
export const inWords = (seconds: number): string => {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
};

/** `02:15 UTC`, with the date where it is another day. */
export const clockTime = (time: Date, from: Date): string => {
  const [date, clock] = time.toISOString().slice(0, 16).split('T');
  return date === from.toISOString().slice(0, 10) ? `${clock} UTC` : `${date} ${clock} UTC`;
};
