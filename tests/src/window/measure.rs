//! Layout checks that measure the page in the browser.

use anyhow::ensure;
use serde_json::json;

use super::Window;

/// Script that lists the page's amounts and status texts that are cut off or overflow their container.
const CUT: &str = "const cut = [];
    for (const money of document.querySelectorAll('.money, [data-balance], .status')) {
        const box = money.getBoundingClientRect();
        if (!box.width) continue;
        let depth = 0;
        for (let around = money; around; around = around.parentElement, depth++) {
            const hides = depth < 3 || getComputedStyle(around).overflowX !== 'visible' || around === document.body;
            const limits = around.getBoundingClientRect();
            if (hides && (box.right > limits.right + 1 || box.left < limits.left - 1))
                cut.push(`${money.textContent.trim()} in ${around.className || around.tagName}`);
        }
    }
    return cut";

impl Window {
    /// Fails if an amount or status text on screen is cut off or overflows.
    pub async fn assert_no_amount_cut(&self, what: &str) -> anyhow::Result<()> {
        self.settled().await?;
        let cut = self.script(CUT, vec![]).await?;
        ensure!(cut == json!([]), "{what}: {cut}");
        Ok(())
    }
}
