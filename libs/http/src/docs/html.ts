/** Text that is safe in HTML. Only {@link html} makes it. */
export class Html {
  constructor(readonly text: string) {}
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string);

type Value = string | number | Html | undefined | readonly Html[];
const shown = (value: Value): string => {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  return typeof value === 'object' ? value.map(({ text }) => text).join('') : escape(String(value));
};

/** A template whose values are escaped, unless they are HTML themselves. */
export const html = (strings: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(strings.reduce((text, string, at) => text + shown(values[at - 1]) + string));

const inline = (text: string): string => escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>').replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');

/** The little Markdown that our descriptions use: paragraphs, lists, code and bold. */
export const markdown = (text: string): Html => new Html(text.split(/\n{2,}/).map((block) => {
  const lines = block.split('\n');
  return lines.every((line) => line.startsWith('- '))
    ? `<ul>${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join('')}</ul>`
    : `<p>${inline(lines.join(' '))}</p>`;
}).join(''));
