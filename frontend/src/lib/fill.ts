export type Values = Readonly<Record<string, string | number>>;

/** A text with its values put in: `{name}` stands for the value of that name. */
export function fill(template: string, values: Values = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
