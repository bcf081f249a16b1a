//! Finds out whether this desktop has notifications and a tray. Outside Linux it always has both.

/// True if notifications can be shown: a notification service runs or could be started.
#[cfg(target_os = "linux")]
pub fn can_notify() -> bool {
    let name = "org.freedesktop.Notifications";
    linux::bus().is_ok_and(|bus| linux::is_owned(&bus, name) || linux::starts(&bus, name))
}

/// True if a tray icon would be visible. Building a tray icon succeeds even if nothing on the desktop shows it.
#[cfg(target_os = "linux")]
pub fn has_tray() -> bool {
    linux::tray_host().unwrap_or_else(|error| {
        tracing::debug!(?error, "no tray");
        false
    })
}

#[cfg(not(target_os = "linux"))]
pub fn can_notify() -> bool {
    true
}

#[cfg(not(target_os = "linux"))]
pub fn has_tray() -> bool {
    true
}

#[cfg(target_os = "linux")]
mod linux {
    use zbus::blocking::fdo::DBusProxy;
    use zbus::blocking::{Connection, Proxy};
    use zbus::names::{BusName, WellKnownName};

    const WATCHER: &str = "org.kde.StatusNotifierWatcher";

    pub fn bus() -> zbus::Result<Connection> {
        Connection::session()
    }

    pub fn is_owned(bus: &Connection, name: &str) -> bool {
        let owned = || {
            let name = BusName::try_from(name)?;
            Ok::<_, zbus::Error>(DBusProxy::new(bus)?.name_has_owner(name)?)
        };
        owned().unwrap_or(false)
    }

    /// Starts the service with this bus name, if the bus can; true if it runs afterwards.
    pub fn starts(bus: &Connection, name: &str) -> bool {
        let start = || {
            let bus = DBusProxy::new(bus)?;
            let known = bus.list_activatable_names()?;
            if known.iter().any(|known| known.as_str() == name) {
                bus.start_service_by_name(WellKnownName::try_from(name)?, 0)?;
            }
            Ok::<_, zbus::Error>(())
        };
        start().is_ok() && is_owned(bus, name)
    }

    /// True if there is a status notifier watcher, and a host that draws its icons.
    pub fn tray_host() -> zbus::Result<bool> {
        let bus = bus()?;
        if !is_owned(&bus, WATCHER) {
            return Ok(false);
        }
        let watcher = Proxy::new(&bus, WATCHER, "/StatusNotifierWatcher", WATCHER)?;
        watcher.get_property("IsStatusNotifierHostRegistered")
    }
}
