/** Which texts are addresses, and what is said about those that are not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesOf, parseMailbox } from '../../src/mail/mailbox.js';
import { mail } from './mail-server.js';

describe('a mailbox', () => {
  it.each([
    ['bob@x.org', '', 'bob@x.org'],
    ['  bob@x.org ', '', 'bob@x.org'],
    ['<bob@x.org>', '', 'bob@x.org'],
    ['Bob <bob@x.org>', 'Bob', 'bob@x.org'],
    ['Bob<bob@x.org>', 'Bob', 'bob@x.org'],
    ['"Bob" <bob@x.org>', 'Bob', 'bob@x.org'],
    ['Bob Smith, Jr. <bob@x.org>', 'Bob Smith, Jr.', 'bob@x.org'],
    ['"<Bob> \\"the\\" @" <bob@x.org>', '<Bob> "the" @', 'bob@x.org'],
    ['Zoë <zoë@bücher.example>', 'Zoë', 'zoë@bücher.example'],
    ['root@localhost', '', 'root@localhost'],
    ['"a b"@x.org', '', '"a b"@x.org'],
    ['bob@[127.0.0.1]', '', 'bob@[127.0.0.1]'],
    ['bob@[IPv6:::1]', '', 'bob@[IPv6:::1]'],
    ["o'neil+tag=1@sub.x-y.org", '', "o'neil+tag=1@sub.x-y.org"],
  ])('is read from %s', (text, name, address) => {
    expect(parseMailbox(text)).toEqual({ name, address });
  });

  it.each([
    ['', 'is empty'],
    ['   ', 'is empty'],
    ['bob', 'has no @'],
    ['<>', 'has no @'],
    ['Bob <bob>', 'has no @'],
    ['@x.org', 'must be one'],
    ['bob@', 'must be one'],
    ['bob@x..org', 'must be one'],
    ['bob@x org', 'must be one'],
    ['bob smith@x.org', 'must be one'],
    ['bob@x.org, eve@x.org', 'must be one'],
    ['bob@x.org;eve@x.org', 'must be one'],
    ['bob@x.org, Eve <eve@x.org>', 'must be one'],
    ['<bob@x.org> <eve@x.org>', 'must be one'],
    ['friends: bob@x.org, eve@x.org;', 'must be one'],
    ['bob@x.org (Bob)', 'must be one'],
    ['bob@x.org> SIZE=1 <eve@x.org', 'must be one'],
    ['bob@http://x.org/', 'must be one'],
    ['bob@x.org\r\nDATA', 'has a control character'],
    ['Bob\n <bob@x.org>', 'has a control character'],
    ['bob@x.org\r', 'has a control character'],
    ['bob\0@x.org', 'has a control character'],
    ['bob\u2028@x.org', 'has a control character'],
    [`${'b'.repeat(400)}@x.org`, 'must be one'],
    [`${'B'.repeat(1000)} <bob@x.org>`, 'is longer than 450 characters'],
  ])('is not read from %j', (text, problem) => {
    expect(parseMailbox(text)).toContain(problem);
  });

  it('never lets anything through that ends a line or an SMTP argument', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab@<>"\\., \r\n\0:;()[]ë') });
    fc.assert(
      fc.property(text, (written) => {
        const mailbox = parseMailbox(written);
        if (typeof mailbox === 'string') return;
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(mailbox.name + mailbox.address).not.toMatch(/[\x00-\x1f]/);
        expect(mailbox.address).toMatch(/^[^<>]+@[^<>@]+$/);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('the addresses of a mail', () => {
  it('are all read', () => {
    expect(addressesOf(mail({ recipients: ['b@x.org', 'C <c@x.org>'] }))).toEqual({
      from: { name: '', address: 'a@example.org' },
      to: [
        { name: '', address: 'b@x.org' },
        { name: 'C', address: 'c@x.org' },
      ],
    });
  });

  it('are named when one is wrong, with control characters escaped', () => {
    expect(addressesOf(mail({ sender: 'x' }))).toBe('invalid sender "x": has no @');
    expect(addressesOf(mail({ recipients: ['b@x.org', 'e\r\n\0\x7f@x'] }))).toBe(
      'invalid recipient "e\\r\\n\\u0000\\u007f@x": has a control character',
    );
    expect(addressesOf(mail({ recipients: ['x'.repeat(400)] }))).toBe(
      `invalid recipient "${'x'.repeat(80)}…": has no @`,
    );
  });

  it('are missing when there is no recipient', () => {
    expect(addressesOf(mail({ recipients: [] }))).toBe('no recipient');
    expect(addressesOf(mail({ recipients: [''] }))).toBe('invalid recipient "": is empty');
  });
});
