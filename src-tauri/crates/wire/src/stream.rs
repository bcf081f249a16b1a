//! The journal's stream (`sync.md`): zstd frames of newline-delimited JSON.
//!
//! A stream is `begin`, then entries with a signed `checkpoint` at intervals and always directly before `end`. The
//! frame of a whole segment is sent as the cloud stored it, so that a reader can store it without compressing again. A
//! stream without `end` was cut and is incomplete.

use std::io::Write;

use boothkeeper_domain::{AccountId, Epoch, Hash, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use crate::checkpoint::SignedCheckpoint;
use crate::entry::MAX_LINE;

/// Number of entries in one stored segment: seq 1–1000, 1001–2000 and so on.
pub const SEGMENT: u64 = 1000;
/// Number of segments between two checkpoints of a long stream, at most.
pub const CHECKPOINT_EVERY: u64 = 8;
/// Greatest number of bytes of a frame's lines: a segment of the longest lines, each with its newline. No writer can
/// produce a longer segment, so that every segment ever written can be read.
pub const MAX_FRAME: usize = SEGMENT as usize * (MAX_LINE + 1);
/// Greatest number of bytes of a compressed frame: [`MAX_FRAME`] bytes that zstd cannot compress
/// (`ZSTD_compressBound`).
pub const MAX_FRAME_COMPRESSED: usize = MAX_FRAME + (MAX_FRAME >> 8) + 1024;
/// Bytes of compressed frames after which a writer sends a checkpoint even before [`CHECKPOINT_EVERY`] segments. A
/// reader holds at most this and one more frame in memory.
pub const CHECKPOINT_BYTES: usize = 16 * 1024 * 1024;
/// Lowest average rate of a stream in bytes per second, once [`STREAM_GRACE`] is over.
pub const LEAST_RATE: u64 = 1024;
/// Seconds that a stream may take before [`LEAST_RATE`] is required of it.
pub const STREAM_GRACE: u64 = 60;
/// Seconds after which a reader ends any stream. Everything up to its last checkpoint is kept; the next stream
/// continues there.
pub const STREAM_LONGEST: u64 = 3600;
/// zstd's fastest regular level; higher ones save about 5 % of the bytes.
pub const LEVEL: i32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    pub account: AccountId,
    pub epoch: Epoch,
    /// The stream continues after this entry; `chain` is the chain value there.
    pub after: Seq,
    pub chain: Hash,
    /// The last entry that the stream may contain. Clouds before 2026-11-27 do not send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Seq>,
    /// Features that a reader must support to read the stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub seq: Seq,
    pub chain: Hash,
    pub has_more: bool,
    pub head: Seq,
    pub as_of: Timestamp,
}

/// A line of the stream that is not an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Control {
    Begin(Begin),
    Checkpoint(SignedCheckpoint),
    End(End),
}

impl Control {
    /// The JSON line with its newline.
    pub fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }

    /// `None` if the line is an entry: entries begin with `seq`.
    pub fn parse(line: &[u8]) -> Option<serde_json::Result<Control>> {
        (!line.starts_with(br#"{"seq":"#)).then(|| serde_json::from_slice(line))
    }
}

/// Compresses lines into one zstd frame with a content checksum.
pub fn compress(lines: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut frame = zstd::stream::Encoder::new(Vec::new(), LEVEL)?;
    frame.include_checksum(true)?;
    frame.write_all(lines)?;
    frame.finish()
}

/// True if the frame has a content checksum, which zstd compares when it decompresses (RFC 8878, 3.1.1.1.1).
pub fn has_checksum(frame: &[u8]) -> bool {
    const CONTENT_CHECKSUM: u8 = 1 << 2;
    let descriptor = frame.get(4);
    descriptor.is_some_and(|flags| flags & CONTENT_CHECKSUM != 0)
}

/// The lines of one whole frame. Fails with `Truncated` unless `frame` is exactly one frame.
pub fn decompress(frame: &[u8]) -> Result<Vec<u8>, FrameError> {
    let mut frames = Frames::default();
    let mut out = Vec::new();
    frames.feed(frame, &mut |frame| out.push(frame.lines))?;
    frames.finish()?;
    match <[Vec<u8>; 1]>::try_from(out) {
        Ok([lines]) => Ok(lines),
        Err(_) => Err(FrameError::Truncated),
    }
}

#[derive(Debug, Error)]
pub enum FrameError {
    #[error("the stream is not zstd")]
    NotZstd(#[source] std::io::Error),
    #[error("a frame is larger than a segment can be")]
    TooLarge,
    /// A skippable zstd frame, or another magic number. The protocol does not use them.
    #[error("a frame is not a zstd data frame")]
    Skippable,
    #[error("the stream ends in the middle of a frame")]
    Truncated,
}

/// One frame: its bytes as received, and its decompressed lines.
#[derive(Debug)]
pub struct Frame {
    pub compressed: Vec<u8>,
    pub lines: Vec<u8>,
}

impl Frame {
    /// Checks the magic number and both lengths of what has been read of the frame so far.
    fn check(&self) -> Result<(), FrameError> {
        let magic = zstd::zstd_safe::MAGICNUMBER.to_le_bytes();
        let known = self.compressed.len().min(magic.len());
        if self.compressed[..known] != magic[..known] {
            return Err(FrameError::Skippable);
        }
        if self.lines.len() > MAX_FRAME || self.compressed.len() > MAX_FRAME_COMPRESSED {
            return Err(FrameError::TooLarge);
        }
        Ok(())
    }
}

/// Splits a byte stream into frames. The pieces in which the bytes arrive need not match the frames.
#[derive(Default)]
pub struct Frames {
    open: Option<OpenFrame>,
}

struct OpenFrame {
    decoder: Decoder<'static>,
    frame: Frame,
}

impl Frames {
    /// Takes the next bytes and hands each complete frame to `sink`. Fails if the bytes are not zstd, or a frame is
    /// skippable or too large.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(Frame),
    ) -> Result<(), FrameError> {
        let mut buffer = vec![0; 128 * 1024];
        while !bytes.is_empty() {
            let open = match &mut self.open {
                Some(open) => open,
                None => self.open.insert(OpenFrame {
                    decoder: Decoder::new().map_err(FrameError::NotZstd)?,
                    frame: Frame {
                        compressed: Vec::new(),
                        lines: Vec::new(),
                    },
                }),
            };
            // Read at most the bytes that the frame may still have, so that the limit is kept before memory is used.
            let room = MAX_FRAME_COMPRESSED + 1 - open.frame.compressed.len();
            let mut input = InBuffer::around(&bytes[..bytes.len().min(room)]);
            let mut output = OutBuffer::around(buffer.as_mut_slice());
            let hint = open
                .decoder
                .run(&mut input, &mut output)
                .map_err(FrameError::NotZstd)?;
            let read = input.pos();
            open.frame.lines.extend_from_slice(output.as_slice());
            open.frame.compressed.extend_from_slice(&bytes[..read]);
            bytes = &bytes[read..];
            open.frame.check()?;
            // The decoder returns 0 when the frame is complete and flushed.
            if hint == 0
                && let Some(open) = self.open.take()
            {
                sink(open.frame);
            }
        }
        self.flush(&mut buffer, sink)
    }

    /// Reads the output that the decoder still holds after the input is used up, if a frame is larger than the buffer.
    fn flush(&mut self, buffer: &mut [u8], sink: &mut dyn FnMut(Frame)) -> Result<(), FrameError> {
        while let Some(open) = &mut self.open {
            let mut input = InBuffer::around(&[]);
            let mut output = OutBuffer::around(&mut *buffer);
            let hint = open
                .decoder
                .run(&mut input, &mut output)
                .map_err(FrameError::NotZstd)?;
            let written = output.as_slice().len();
            open.frame.lines.extend_from_slice(output.as_slice());
            open.frame.check()?;
            if hint == 0 {
                if let Some(open) = self.open.take() {
                    sink(open.frame);
                }
            } else if written == 0 {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Call at the end of the bytes. Fails with `Truncated` if they end in the middle of a frame.
    pub fn finish(&self) -> Result<(), FrameError> {
        if self.open.is_some() {
            return Err(FrameError::Truncated);
        }
        Ok(())
    }
}

/// The lines of a frame, without their newlines. Fails with `Truncated` if the last line has no newline.
pub fn lines(bytes: &[u8]) -> Result<impl Iterator<Item = &[u8]>, FrameError> {
    match bytes.split_last() {
        Some((b'\n', _)) => {
            let mut start = 0;
            Ok(memchr::memchr_iter(b'\n', bytes).map(move |end| {
                let line = &bytes[start..end];
                start = end + 1;
                line
            }))
        }
        _ => Err(FrameError::Truncated),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(bytes: &[u8], chop: usize) -> Result<Vec<Frame>, FrameError> {
        let mut frames = Frames::default();
        let mut out = Vec::new();
        for chunk in bytes.chunks(chop) {
            frames.feed(chunk, &mut |frame| out.push(frame))?;
        }
        frames.finish()?;
        Ok(out)
    }

    #[test]
    fn stream_frame_larger_than_the_buffer_is_decompressed_whole() {
        let lines = b"the same line again and again\n".repeat(50_000);
        let frame = compress(&lines).unwrap();
        assert_eq!(decompress(&frame).unwrap(), lines);
    }

    #[test]
    fn stream_frame_that_expands_past_the_limit_is_refused() {
        let frame = compress(&vec![b'\n'; MAX_FRAME + 1]).unwrap();
        assert!(frame.len() < 20_000);
        assert!(matches!(decompress(&frame), Err(FrameError::TooLarge)));
    }

    #[test]
    fn longest_stream_segment_that_a_writer_can_make_is_read() {
        let longest = [vec![b'x'; MAX_LINE], vec![b'\n']].concat();
        let segment = longest.repeat(usize::try_from(SEGMENT).unwrap());
        let frame = compress(&segment).unwrap();
        assert_eq!(decompress(&frame).unwrap().len(), MAX_FRAME);
    }

    #[test]
    fn zstd_skippable_frame_is_refused_at_its_first_bytes() {
        // The magic number of a skippable frame, 0x184D2A50, then a length of 4 GiB.
        let bytes = [0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 0, 0, 0];
        for chop in [1, 4, 11] {
            assert!(matches!(
                split(&bytes, chop),
                Err(FrameError::Skippable | FrameError::NotZstd(_))
            ));
        }
    }

    #[test]
    fn stream_of_endless_empty_blocks_is_refused_at_the_limit_of_received_bytes() {
        // The header of a frame without a content size, then empty raw blocks, none of them marked as the last.
        let header = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
        let blocks = vec![0; 3 * 1024 * 1024];
        let mut frames = Frames::default();
        frames.feed(&header, &mut |_| {}).unwrap();
        let mut fed = 0;
        let refused = loop {
            match frames.feed(&blocks, &mut |_| {}) {
                Ok(()) => fed += blocks.len(),
                Err(error) => break error,
            }
            assert!(
                fed <= MAX_FRAME_COMPRESSED,
                "more bytes were read than a frame may have"
            );
        };
        assert!(matches!(refused, FrameError::TooLarge));
    }

    proptest! {
        #[test]
        fn each_frame_is_returned_whole_however_the_stream_is_cut(
            parts in proptest::collection::vec("[a-z]{0,300}\n", 1..8), chop in 1usize..64
        ) {
            let stored: Vec<_> = parts.iter().map(|p| compress(p.as_bytes()).unwrap()).collect();
            let frames = split(&stored.concat(), chop).unwrap();
            let lines: Vec<_> = frames.iter().map(|f| f.lines.clone()).collect();
            let compressed: Vec<_> = frames.iter().map(|f| f.compressed.clone()).collect();
            prop_assert_eq!(lines, parts.iter().map(|p| p.as_bytes().to_vec()).collect::<Vec<_>>());
            prop_assert_eq!(compressed, stored);
        }

        #[test]
        fn flipped_bit_in_a_stream_frame_is_an_error_or_changes_no_line(
            lines in "([a-z]{0,30}\n){1,40}", at in any::<prop::sample::Index>(), bit in 0u8..8
        ) {
            let mut frame = compress(lines.as_bytes()).unwrap();
            prop_assert!(has_checksum(&frame));
            let at = at.index(frame.len());
            frame[at] ^= 1 << bit;
            if let Ok(read) = decompress(&frame) {
                prop_assert_eq!(read, lines.as_bytes());
            }
        }

        #[test]
        fn cut_stream_is_an_error_unless_cut_between_frames(cut in 0usize..400) {
            let stored = [compress(b"one\n").unwrap(), compress(b"two\n").unwrap()];
            let bytes = stored.concat();
            let cut = cut % (bytes.len() + 1);
            let edges = [0, stored[0].len(), bytes.len()];
            prop_assert_eq!(split(&bytes[..cut], 7).is_ok(), edges.contains(&cut));
        }

        #[test]
        fn random_bytes_do_not_panic_the_stream_readers(noise in proptest::collection::vec(any::<u8>(), 1..2000)) {
            let _ = split(&noise, 100);
            let _ = Control::parse(&noise);
            let _ = crate::entry::decode(&noise);
        }
    }
}
