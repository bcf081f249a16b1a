//! `drag-source FILE`: shows a window from which FILE can be dragged, and prints each step of the drag.

use anyhow::Context;
use gtk::gdk::{DragAction, ModifierType};
use gtk::gio::prelude::FileExt;
use gtk::prelude::*;

fn main() -> anyhow::Result<()> {
    let file = std::env::args_os().nth(1).context("drag-source FILE")?;
    let uri = gtk::gio::File::for_path(file).uri();
    gtk::init()?;
    let window = gtk::Window::new(gtk::WindowType::Toplevel);
    window.set_title("a file");
    window.set_default_size(200, 80);
    window.move_(0, 0);
    let handle = gtk::EventBox::new();
    let uris = gtk::TargetEntry::new("text/uri-list", gtk::TargetFlags::empty(), 0);
    handle.drag_source_set(ModifierType::BUTTON1_MASK, &[uris], DragAction::COPY);
    handle.connect_drag_data_get(move |_, _, data, _, _| {
        data.set_uris(&[&uri]);
    });
    handle.connect_drag_begin(|_, drag| {
        println!("begun");
        drag.connect_action_changed(|_, action| println!("{action:?}"));
        drag.connect_drop_performed(|_, _| println!("dropped"));
    });
    handle.connect_drag_end(|_, _| gtk::main_quit());
    window.add(&handle);
    window.show_all();
    gtk::main();
    Ok(())
}
