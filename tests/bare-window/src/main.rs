//! A window with one line of text and nothing else. The start time of the real window is compared with this one's.

#[tauri::command]
fn shown() {
    eprintln!("on screen");
}

fn main() {
    let run = tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![shown])
        .setup(|app| {
            tauri::WebviewWindowBuilder::new(app, "main", tauri::WebviewUrl::default())
                .title("bare")
                .inner_size(1200.0, 780.0)
                .build()?;
            Ok(())
        })
        .run(tauri::generate_context!());
    if let Err(error) = run {
        eprintln!("{error}");
    }
}
