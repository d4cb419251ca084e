// What the scripts share: the packages, which are installed where AIGCLABEL_C2PA
// says, and the media types that go with file names.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = path.join(process.env.AIGCLABEL_C2PA, 'node_modules');

// module imports a file of an installed package.
export const module = (file) => import(pathToFileURL(path.join(modules, file)).href);

// reference returns the classes of the reference implementation, ready for use.
export async function reference() {
  const wasm = '@contentauth/c2pa-wasm/pkg/';
  const c2pa = await module(wasm + 'c2pa.js');
  c2pa.initSync({ module: fs.readFileSync(path.join(modules, wasm, 'c2pa_bg.wasm')) });
  return c2pa;
}

// settings are those of the reference implementation: offline, with some trusted
// certificates in PEM.
export const settings = (anchors) => JSON.stringify({
  trust: anchors ? { trust_anchors: anchors, trust_config: purposes.join('\n') } : {},
  verify: { verify_trust: true, remote_manifest_fetch: false, ocsp_fetch: false },
});

// purposes are the extended key usages that signers may have.
const purposes = ['1.3.6.1.5.5.7.3.4', '1.3.6.1.5.5.7.3.36', '1.3.6.1.4.1.62558.2.1', ''];

const types = {
  '.aac': 'audio/aac', '.avi': 'video/avi', '.avif': 'image/avif', '.dng': 'image/x-adobe-dng', '.flac': 'audio/flac',
  '.gif': 'image/gif', '.heic': 'image/heic', '.jpg': 'image/jpeg', '.jxl': 'image/jxl', '.m4a': 'audio/mp4', '.mov': 'video/quicktime',
  '.mp3': 'audio/mpeg', '.mp4': 'video/mp4', '.pdf': 'application/pdf', '.png': 'image/png', '.svg': 'image/svg+xml',
  '.tif': 'image/tiff', '.wav': 'audio/wav', '.webp': 'image/webp',
};

export const typeOf = (file) => types[path.extname(file).toLowerCase()] ?? 'application/octet-stream';

// options takes --name value pairs out of the arguments, and returns the rest as files.
export function options() {
  const out = { files: [] };
  const args = process.argv.slice(2);
  while (args.length) {
    const arg = args.shift();
    if (arg.startsWith('--')) out[arg.slice(2)] = args.shift();
    else out.files.push(arg);
  }
  return out;
}

// A Blob whose bytes can be read at once, and what the package reads it with.
export class Bytes extends Blob {
  constructor(parts, options) {
    super(parts, options);
    this.bytes = Buffer.concat(parts.map((p) => Buffer.from(p)));
  }
  slice(from = 0, to = this.bytes.length) {
    return new Bytes([this.bytes.subarray(from, to)]);
  }
}
globalThis.FileReaderSync = class {
  readAsArrayBuffer({ bytes }) {
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  }
};

// The CBOR of a COSE_Sign1.
export const head = (major, n) => (n < 24 ? Buffer.from([major << 5 | n]) : n < 256 ? Buffer.from([major << 5 | 24, n]) : Buffer.from([major << 5 | 25, n >> 8, n & 255]));
export const bytes = (b) => Buffer.concat([head(2, b.length), b]);
export const text = (s) => Buffer.concat([head(3, s.length), Buffer.from(s)]);
export const list = (...items) => Buffer.concat([head(4, items.length), ...items]);
export const map = (...pairs) => Buffer.concat([head(5, pairs.length / 2), ...pairs]);
