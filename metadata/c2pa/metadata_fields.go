package c2pa

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// metadataSpaces are the schemas that a c2pa.metadata assertion may use (C2PA 2.2, B.1 and
// B.2), by their namespace, with the prefix that the specification gives them. That of
// ExifEX is written in several ways.
var metadataSpaces = map[string]string{
	"http://ns.adobe.com/xap/1.0/":                 "xmp",
	"http://ns.adobe.com/xap/1.0/mm/":              "xmpMM",
	"http://ns.adobe.com/xap/1.0/t/pg/":            "xmpTPg",
	"http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
	"http://ns.adobe.com/pdf/1.3/":                 "pdf",
	"http://purl.org/dc/elements/1.1/":             "dc",
	"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/":  "Iptc4xmpCore",
	"http://iptc.org/std/Iptc4xmpExt/2008-02-29/":  "Iptc4xmpExt",
	"http://ns.adobe.com/exif/1.0/":                "exif",
	"http://cipa.jp/exif/1.0/":                     "exifEX",
	"http://cipa.jp/exif/1.0/exifEX":               "exifEX",
	"http://cipa.jp/exif/2.32/":                    "exifEX",
	"http://ns.adobe.com/photoshop/1.0/":           "photoshop",
	"http://ns.adobe.com/tiff/1.0/":                "tiff",
	"http://ns.adobe.com/xmp/1.0/DynamicMedia/":    "xmpDM",
	"http://ns.useplus.org/ldf/xmp/1.0/":           "plus",
}

// metadataFields are the properties of each schema that are allowed; "*" for all.
var metadataFields = map[string]string{
	"xmp": "*", "xmpMM": "*", "xmpTPg": "*", "crs": "*", "pdf": "*",
	"dc":           " coverage date format identifier language relation type ",
	"Iptc4xmpCore": " Scene ",
	"Iptc4xmpExt": " DigImageGUID DigitalSourceType EventId Genre ImageRating ImageRegion RegistryId LocationCreated LocationShown " +
		"MaxAvailHeight MaxAvailWidth ",
	"exif": " ApertureValue BrightnessValue CFAPattern ColorSpace CompressedBitsPerPixel Contrast CustomRendered " +
		"DateTimeDigitized DateTimeOriginal DeviceSettingDescription DigitalZoomRatio ExifVersion ExposureBiasValue " +
		"ExposureIndex ExposureMode ExposureProgram ExposureTime FileSource Flash FlashEnergy FlashpixVersion FNumber " +
		"FocalLength FocalLengthIn35mmFilm FocalPlaneResolutionUnit FocalPlaneXResolution FocalPlaneYResolution " +
		"GainControl ImageUniqueID ISOSpeedRatings LightSource MaxApertureValue MeteringMode OECF OffsetTimeOriginal " +
		"PixelXDimension PixelYDimension RelatedSoundFile Saturation SceneCaptureType SceneType SensingMethod Sharpness " +
		"ShutterSpeedValue SpatialFrequencyResponse SpectralSensitivity SubjectArea SubjectDistance " +
		"SubjectDistanceRange SubjectLocation WhiteBalance GPSAltitude GPSAltitudeRef GPSDateStamp GPSDestBearing " +
		"GPSDestBearingRef GPSDestDistance GPSDestDistanceRef GPSDestLatitude GPSDestLongitude GPSDifferential GPSDOP " +
		"GPSHPositioningError GPSImgDirection GPSImgDirectionRef GPSLatitude GPSLongitude GPSMapDatum GPSMeasureMode " +
		"GPSProcessingMethod GPSSatellites GPSSpeed GPSSpeedRef GPSStatus GPSTimeStamp GPSTrack GPSTrackRef " +
		"GPSVersionID ",
	"exifEX": " BodySerialNumber Gamma InteroperabilityIndex ISOSpeed ISOSpeedLatitudeyyy ISOSpeedLatitudezzz LensMake " +
		"LensModel LensSerialNumber LensSpecification PhotographicSensitivity RecommendedExposureIndex SensitivityType " +
		"StandardOutput-Sensitivity ",
	"photoshop": " Category City ColorMode Country DateCreated DocumentAncestors History ICCProfile State SupplementalCategories " +
		"TextLayers TransmissionReference Urgency ",
	"tiff": " BitsPerSample Compression DateTime ImageLength ImageWidth Make Model Orientation PhotometricInterpretation " +
		"PlanarConfiguration PrimaryChromaticities ReferenceBlackWhite ResolutionUnit SamplesPerPixel Software " +
		"TransferFunction WhitePoint XResolution YResolution YCbCrCoefficients YCbCrPositioning YCbCrSubSampling ",
	"xmpDM": " absPeakAudioFilePath album altTapeName altTimecode audioChannelType audioCompressor audioSampleRate " +
		"audioSampleType beatSpliceParams cameraAngle cameraLabel cameraModel cameraMove comment contributedMedia " +
		"duration fileDataRate genre good instrument introTime key logComment loop numberOfBeats markers outCue " +
		"projectName projectRef pullDown relativePeakAudioFilePath relativeTimestamp releaseDate resampleParams " +
		"scaleType scene shotDate shotDay shotLocation shotName shotNumber shotSize speakerPlacement startTimecode " +
		"stretchMode takeNumber tapeName tempo timeScaleParams timeSignature trackNumber Tracks videoAlphaMode " +
		"videoAlphaPremultipleColor videoAlphaUnityIsTransparent videoColorSpace videoCompressor videoFieldOrder " +
		"videoFrameRate videoFrameSize videoPixelAspectRatio videoPixelDepth partOfCompilation lyrics discNumber ",
	"plus": " FileNameAsDelivered FirstPublicationDate ImageFileFormatAsDelivered ImageFileSizeAsDelivered ImageType Version ",
}

// allowedMetadata reports whether a c2pa.metadata assertion, which is JSON-LD, has no other
// fields than those that it may have (C2PA 2.2, 15.10.3.2.3), and the first that it has.
func allowedMetadata(content []byte) (other string, ok bool) {
	var properties map[string]json.RawMessage
	if json.Unmarshal(content, &properties) != nil {
		return "", false
	}
	context := map[string]string{}
	_ = json.Unmarshal(properties["@context"], &context) // else the prefixes are those of the specification
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		if strings.HasPrefix(key, "@") {
			continue // a word of JSON-LD
		}
		prefix, name, _ := strings.Cut(key, ":")
		if space, ok := context[prefix]; ok {
			prefix = metadataSpaces[space]
		}
		if fields := metadataFields[prefix]; fields != "*" && !strings.Contains(fields, " "+name+" ") {
			return key, false
		}
	}
	return "", true
}
