/**
 * The type markers of both formats, by the names of their specifications.
 *
 * AMF0: "Action Message Format – AMF 0", 2.1. AMF3: "Action Message Format – AMF 3" (January 2013), 3.1.
 */

export const AMF0 = {
  NUMBER: 0x00,
  BOOLEAN: 0x01,
  STRING: 0x02,
  OBJECT: 0x03,
  NULL: 0x05,
  UNDEFINED: 0x06,
  REFERENCE: 0x07,
  ECMA_ARRAY: 0x08,
  OBJECT_END: 0x09,
  STRICT_ARRAY: 0x0a,
  DATE: 0x0b,
  LONG_STRING: 0x0c,
  UNSUPPORTED: 0x0d,
  XML_DOCUMENT: 0x0f,
  TYPED_OBJECT: 0x10,
  AVMPLUS_OBJECT: 0x11,
} as const;

export const AMF3 = {
  UNDEFINED: 0x00,
  NULL: 0x01,
  FALSE: 0x02,
  TRUE: 0x03,
  INTEGER: 0x04,
  DOUBLE: 0x05,
  STRING: 0x06,
  XML_DOCUMENT: 0x07,
  DATE: 0x08,
  ARRAY: 0x09,
  OBJECT: 0x0a,
  XML: 0x0b,
  BYTE_ARRAY: 0x0c,
  VECTOR_INT: 0x0d,
  VECTOR_UINT: 0x0e,
  VECTOR_DOUBLE: 0x0f,
  VECTOR_OBJECT: 0x10,
  DICTIONARY: 0x11,
} as const;

/** The bits of an AMF3 object's header (3.12), above bit 0, which is clear for a reference. */
export const TRAITS = { INLINE: 0b10, EXTERNALIZABLE: 0b100, DYNAMIC: 0b1000, COUNT_SHIFT: 4 } as const;

/** Classes whose externalized form is one AMF3 value, and the field that holds it. Of others the form is unknown. */
export const EXTERNALIZABLE_FIELDS: ReadonlyMap<string, string> = new Map([
  ['flex.messaging.io.ArrayCollection', 'source'],
  ['flex.messaging.io.ArrayList', 'source'],
  ['flex.messaging.io.ObjectProxy', 'object'],
]);
