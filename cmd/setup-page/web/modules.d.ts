declare module "module.wasm.gz" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
declare module "wasm_exec";
