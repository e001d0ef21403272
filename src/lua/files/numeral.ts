/**
 * Reading a number from a file, by the rule of Lua's manual: the longest prefix that looks like a numeral, at most 200
 * characters, is taken out of the file, whether or not it is one.
 */

/** One byte at a time: `peek` gives -1 at the end. */
export interface ByteReader {
  peek(): number;
  skip(): void;
}

const MAX_LENGTH = 200;

export function readNumeral(reader: ByteReader): string {
  let text = '';
  while (isSpace(reader.peek())) reader.skip();
  accept('+-');
  const hexadecimal = accept('0') && accept('xX');
  let digits = text.endsWith('0') ? 1 : 0;
  digits += acceptDigits(hexadecimal);
  if (accept('.')) digits += acceptDigits(hexadecimal);
  if (digits > 0 && accept(hexadecimal ? 'pP' : 'eE')) {
    accept('+-');
    acceptDigits(false);
  }
  return text.length > MAX_LENGTH ? '' : text;

  function accept(characters: string): boolean {
    const byte = reader.peek();
    if (byte < 0 || text.length > MAX_LENGTH || !characters.includes(String.fromCharCode(byte))) return false;
    text += String.fromCharCode(byte);
    reader.skip();
    return true;
  }

  function acceptDigits(hexadecimal: boolean): number {
    let count = 0;
    while (accept(hexadecimal ? '0123456789abcdefABCDEF' : '0123456789')) count++;
    return count;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
