import createWabt from 'wabt';

const wabt = await createWabt();

/** The binary of a module in text form. */
export function wat(text: string): Uint8Array {
  const module = wabt.parseWat('fixture.wat', text, {
    bulk_memory: true,
    reference_types: true,
    multi_value: true,
  });
  try {
    module.resolveNames();
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}
