use std::env;

use anyhow::{Result, bail};
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // wasm-pack asks for it.
        ["--version"] => println!("wasm-bindgen {}", env!("CARGO_PKG_VERSION")),
        [module, folder] => Bindgen::new()
            .input_path(module)
            .web(true)?
            .typescript(false)
            .encode_into(EncodeInto::Always)
            .generate(folder)?,
        _ => bail!("Usage: wasm-bindgen MODULE.wasm FOLDER"),
    }
    Ok(())
}
