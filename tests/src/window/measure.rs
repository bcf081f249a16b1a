//! What is measured of a page instead of being looked at.

use anyhow::ensure;
use serde_json::json;

use super::Window;

/// Amounts and states that something cuts off, or that spill out of their own place onto their neighbour's.
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
    /// Every amount on screen is there to its last digit.
    pub async fn cuts_no_amount(&self, what: &str) -> anyhow::Result<()> {
        self.settled().await?;
        let cut = self.script(CUT, vec![]).await?;
        ensure!(cut == json!([]), "{what}: {cut}");
        Ok(())
    }
}
