/** How a tensor of the file becomes Hugging Face's: as it is, transposed, or with the rows of each head in another order. */
export type TensorForm = 'same' | 'transposed' | { readonly headWidth: number };

/** Where the tensors of Hugging Face's names lie in the file. */
export type TensorNames = ReadonlyMap<string, { readonly stored: string; readonly form: TensorForm }>;

/** The architectures that are read and written, as llama.cpp names them. */
export const architectures = ['gpt2', 'llama'] as const;
export type GgufArchitecture = (typeof architectures)[number];

const outside: Readonly<Record<GgufArchitecture, Readonly<Record<string, string>>>> = {
  gpt2: { token_embd: 'wte', position_embd: 'wpe', output_norm: 'ln_f', output: 'lm_head' },
  llama: { token_embd: 'embed_tokens', output_norm: 'norm', output: 'lm_head' },
};

const inBlocks: Readonly<Record<GgufArchitecture, Readonly<Record<string, string>>>> = {
  gpt2: {
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
  llama: {
    attn_norm: 'input_layernorm',
    attn_q: 'self_attn.q_proj',
    attn_k: 'self_attn.k_proj',
    attn_v: 'self_attn.v_proj',
    attn_output: 'self_attn.o_proj',
    ffn_norm: 'post_attention_layernorm',
    ffn_gate: 'mlp.gate_proj',
    ffn_up: 'mlp.up_proj',
    ffn_down: 'mlp.down_proj',
  },
};

/** GPT-2's matrices are [in, out] in Hugging Face's files, and [out, in] here; Llama's are [out, in] in both. */
const gpt2Matrix = /^(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/;
const turned = /^attn_[qk]\.weight$/;

/**
 * Hugging Face's names of a file's tensors, without their prefix, as llama.cpp's conversion takes them; a name that it does
 * not know stays.
 * @param headWidth channels of a head.
 */
export function tensorNames(
  architecture: GgufArchitecture,
  stored: Iterable<string>,
  headWidth: number,
): TensorNames {
  const names = new Map<string, { readonly stored: string; readonly form: TensorForm }>();
  for (const name of stored) {
    const [, layer, inner] = /^blk\.(\d+)\.(.+)$/.exec(name) ?? [];
    const [, part = name, ending = ''] = /^(.+)(\.weight|\.bias)$/.exec(inner ?? name) ?? [];
    const known = (layer === undefined ? outside : inBlocks)[architecture][part];
    const prefix = layer === undefined ? '' : `${architecture === 'gpt2' ? 'h' : 'layers'}.${layer}.`;
    let form: TensorForm = 'same';
    if (inner !== undefined && architecture === 'gpt2' && gpt2Matrix.test(inner)) form = 'transposed';
    if (inner !== undefined && architecture === 'llama' && turned.test(inner)) form = { headWidth };
    names.set(known === undefined ? name : `${prefix}${known}${ending}`, { stored: name, form });
  }
  return names;
}

/** llama.cpp's names of all tensors that a model with so many blocks may have. */
export function possibleNames(architecture: GgufArchitecture, blocks: number): string[] {
  const parts = Object.keys(outside[architecture]);
  for (let block = 0; block < blocks; block++)
    parts.push(...Object.keys(inBlocks[architecture]).map((part) => `blk.${block}.${part}`));
  return parts.flatMap((part) => [`${part}.weight`, `${part}.bias`]);
}

/** Where the elements of a row of the file are in Hugging Face's tensor: its first, and how far they lie apart. */
export function placeOfRow(
  form: TensorForm,
  row: number,
  width: number,
  rows: number,
): { first: number; step: number } {
  if (form === 'transposed') return { first: row, step: rows };
  if (form === 'same') return { first: row * width, step: 1 };
  // llama.cpp turns neighbouring channels together, Hugging Face those of the two halves of a head.
  const { headWidth } = form;
  const inHead = row % headWidth;
  const turned = row - inHead + (inHead % 2) * (headWidth / 2) + Math.floor(inHead / 2);
  return { first: turned * width, step: 1 };
}
