//! A writer of GGUF files, sound ones and others: what is written is what is asked for.

/// The parts of a file that grow; [`Writer::bytes`] puts them together.
#[derive(Clone)]
pub struct Writer {
    pub alignment: usize,
    entry_count: u64,
    entries: Vec<u8>,
    tensor_count: u64,
    descriptions: Vec<u8>,
    data: Vec<u8>,
}

impl Writer {
    pub fn new() -> Self {
        let (entries, descriptions, data) = (Vec::new(), Vec::new(), Vec::new());
        Self { alignment: 32, entry_count: 0, entries, tensor_count: 0, descriptions, data }
    }

    /// An entry of the type that the format numbers `code`.
    pub fn entry(&mut self, key: &str, code: u32, value: &[u8]) {
        self.entry_count += 1;
        self.entries.extend(text(key));
        self.entries.extend(code.to_le_bytes());
        self.entries.extend(value);
    }

    pub fn whole(&mut self, key: &str, value: u32) {
        self.entry(key, 4, &value.to_le_bytes());
    }

    pub fn float(&mut self, key: &str, value: f32) {
        self.entry(key, 6, &value.to_le_bytes());
    }

    pub fn text(&mut self, key: &str, value: &str) {
        self.entry(key, 8, &text(value));
    }

    pub fn texts(&mut self, key: &str, values: &[&str]) {
        let elements: Vec<Vec<u8>> = values.iter().map(|value| text(value)).collect();
        self.array(key, 8, &elements);
    }

    pub fn array(&mut self, key: &str, code: u32, elements: &[Vec<u8>]) {
        let count = elements.len() as u64;
        let value = [&code.to_le_bytes()[..], &count.to_le_bytes(), &elements.concat()].concat();
        self.entry(key, 9, &value);
    }

    /// A tensor behind those before it; `sizes` begin with the innermost.
    pub fn tensor(&mut self, name: &str, sizes: &[u64], code: u32, bytes: &[u8]) {
        self.describe(name, sizes, code, self.data.len() as u64);
        self.data.extend(bytes);
        self.data.resize(self.data.len().next_multiple_of(self.alignment), 0);
    }

    /// A tensor that is said to be at an offset, whatever is there.
    pub fn describe(&mut self, name: &str, sizes: &[u64], code: u32, offset: u64) {
        self.tensor_count += 1;
        self.descriptions.extend(text(name));
        self.descriptions.extend((sizes.len() as u32).to_le_bytes());
        self.descriptions.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
        self.descriptions.extend(code.to_le_bytes());
        self.descriptions.extend(offset.to_le_bytes());
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut file = b"GGUF\x03\0\0\0".to_vec();
        file.extend(self.tensor_count.to_le_bytes());
        file.extend(self.entry_count.to_le_bytes());
        file.extend(&self.entries);
        file.extend(&self.descriptions);
        file.resize(file.len().next_multiple_of(self.alignment), 0);
        file.extend(&self.data);
        file
    }
}

/// A Llama of one layer with three tokens, all of whose weights are zero.
pub fn smallest_llama() -> Writer {
    let mut file = Writer::new();
    file.text("general.architecture", "llama");
    for (key, size) in [
        ("context_length", 4),
        ("embedding_length", 4),
        ("block_count", 1),
        ("attention.head_count", 2),
        ("attention.head_count_kv", 1),
        ("feed_forward_length", 2),
        ("rope.dimension_count", 2),
    ] {
        file.whole(&format!("llama.{key}"), size);
    }
    file.float("llama.attention.layer_norm_rms_epsilon", 1e-5);
    file.text("tokenizer.ggml.model", "gpt2");
    file.text("tokenizer.ggml.pre", "smollm");
    file.texts("tokenizer.ggml.tokens", &["a", "Ġ", "aĠ"]);
    file.array("tokenizer.ggml.token_type", 5, &[1, 1, 3].map(|kind: i32| kind.to_le_bytes().to_vec()));
    file.texts("tokenizer.ggml.merges", &["a Ġ"]);
    file.whole("tokenizer.ggml.eos_token_id", 2);
    file.text("tokenizer.chat_template", "{{ messages }}");
    for (name, sizes) in [
        ("token_embd", &[4, 3][..]),
        ("blk.0.attn_norm", &[4]),
        ("blk.0.attn_q", &[4, 4]),
        ("blk.0.attn_k", &[4, 2]),
        ("blk.0.attn_v", &[4, 2]),
        ("blk.0.attn_output", &[4, 4]),
        ("blk.0.ffn_norm", &[4]),
        ("blk.0.ffn_gate", &[4, 2]),
        ("blk.0.ffn_up", &[4, 2]),
        ("blk.0.ffn_down", &[2, 4]),
        ("output_norm", &[4]),
    ] {
        let count = sizes.iter().product::<u64>() as usize;
        file.tensor(&format!("{name}.weight"), sizes, 0, &vec![0; 4 * count]);
    }
    file
}

/// A length and so many bytes.
pub fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}
