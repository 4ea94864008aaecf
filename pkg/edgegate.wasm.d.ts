/** The compiled module where the runtime imports it so (Workers), to be bound by hand elsewhere. */
declare const module: WebAssembly.Module;
export default module;
