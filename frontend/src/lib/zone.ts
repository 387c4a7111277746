/** The time of a zone beside UTC: date and time as ISO writes them, whatever the language of the page. */

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) {
    return known;
  }
  // Sweden writes dates as ISO 8601 does.
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(zone, made);
  return made;
}

/** `2009-04-05 11:32:06` */
export const zoneTime = (instant_ns: number, zone: string): string =>
  formatOf(zone).format(new Date(Math.floor(instant_ns / 1e6))).replace(',', '');
